/* SPDX-License-Identifier: MIT */
#include "client/report/load_rows.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct histogram histogram;
static struct load_row rows[LOAD_ROWS_MAX];

static void clear(void)
{
    memset(&histogram, 0, sizeof(histogram));
}

TestSuite(load_rows, .init = clear);

/* Row borders fit together, nothing is lost, and the first and the last row are not empty. */
static void expect_sound(size_t count)
{
    uint64_t sum = 0;

    cr_assert_leq(count, LOAD_ROWS_MAX);
    cr_assert_geq(count, 1);
    for (size_t i = 0; i < count; i++) {
        sum += rows[i].count;
        cr_assert_lt(rows[i].from_ms, rows[i].to_ms);
        if (i)
            cr_assert_eq(rows[i].from_ms, rows[i - 1].to_ms);
    }
    cr_assert_eq(sum, histogram.count);
    cr_assert_leq(rows[0].from_ms, (double)histogram.min_ns / 1e6);
    cr_assert_gt(rows[count - 1].to_ms, (double)histogram.max_ns / 1e6);
}

Test(load_rows, nothing_has_no_rows)
{
    cr_assert_eq(load_rows_of(rows, &histogram), 0);
}

Test(load_rows, one_value_is_one_row)
{
    histogram_add(&histogram, 150000);
    cr_assert_eq(load_rows_of(rows, &histogram), 1);
    expect_sound(1);
    cr_assert_lt(fabs(rows[0].from_ms - 0.125), 1e-9);
    cr_assert_lt(fabs(rows[0].to_ms - 0.16), 1e-9);
}

Test(load_rows, the_scale_is_as_fine_as_fits)
{
    histogram_add(&histogram, 1000000);
    histogram_add(&histogram, 9000000);
    cr_assert_eq(load_rows_of(rows, &histogram), 10);
    histogram_add(&histogram, 999000000);
    cr_assert_eq(load_rows_of(rows, &histogram), 15);
    histogram_add(&histogram, 99000000000);
    cr_assert_eq(load_rows_of(rows, &histogram), 15);
    expect_sound(15);
}

Test(load_rows, all_that_a_histogram_holds_fits)
{
    histogram_add(&histogram, 0);
    histogram_add(&histogram, INT64_C(10000000000000));
    expect_sound(load_rows_of(rows, &histogram));
}

Test(load_rows, random_values_are_all_there)
{
    uint64_t state = random_seed();

    for (int i = 0; i < 200; i++) {
        clear();
        for (int j = 0; j < 50; j++)
            histogram_add(&histogram, (int64_t)(random_next(&state) >> (20 + i % 40)));
        expect_sound(load_rows_of(rows, &histogram));
    }
}
