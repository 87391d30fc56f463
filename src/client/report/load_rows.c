/* SPDX-License-Identifier: MIT */
#include "client/report/load_rows.h"

#include <math.h>

/* Steps of a decade: preferred numbers (ISO 3), 1-2-5, and whole decades, of which a histogram has at
 * most 14. */
struct scale {
    size_t count;
    double steps[10];
};

static const struct scale scales[] = {
    {10, {1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8}},
    {5, {1, 1.6, 2.5, 4, 6.3}},
    {3, {1, 2, 5}},
    {1, {1}},
};

/* Bound number i of a scale, in milliseconds: 0, 1 ns or more, ... */
static double bound(const struct scale *scale, size_t i)
{
    if (i-- == 0)
        return 0;
    return scale->steps[i % scale->count] * pow(10, (double)(i / scale->count)) / 1e6;
}

/* The number of the last bound that is not above the latency. */
static size_t place_of(const struct scale *scale, double ms)
{
    size_t i = 0;

    while (bound(scale, i + 1) <= ms)
        i++;
    return i;
}

static void count(struct load_row *rows, size_t row_count, const struct histogram *histogram)
{
    struct histogram_bucket bucket;
    unsigned position = 0;
    size_t row = 0;

    while (histogram_next(histogram, &position, &bucket)) {
        double ms = (double)(bucket.from_ns + bucket.to_ns) / 2e6;

        while (row + 1 < row_count && ms >= rows[row].to_ms)
            row++;
        rows[row].count += bucket.count;
    }
}

size_t load_rows_of(struct load_row rows[LOAD_ROWS_MAX], const struct histogram *histogram)
{
    size_t first = 0, row_count = LOAD_ROWS_MAX + 1;

    if (histogram->count == 0)
        return 0;
    for (const struct scale *scale = scales; row_count > LOAD_ROWS_MAX; scale++) {
        first = place_of(scale, (double)histogram->min_ns / 1e6);
        row_count = place_of(scale, (double)histogram->max_ns / 1e6) + 1 - first;
        for (size_t i = 0; i < row_count && i < LOAD_ROWS_MAX; i++)
            rows[i] =
                (struct load_row){.from_ms = bound(scale, first + i), .to_ms = bound(scale, first + i + 1)};
    }
    count(rows, row_count, histogram);
    return row_count;
}
