/* SPDX-License-Identifier: MIT */
#include "client/histogram.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct histogram empty(void)
{
    struct histogram histogram;

    memset(&histogram, 0, sizeof(histogram));
    return histogram;
}

static void expect_near(int64_t found, int64_t exact)
{
    cr_assert_leq(fabs((double)(found - exact)), 0.01 * (double)exact);
}

Test(histogram, nothing_in_it)
{
    struct histogram histogram = empty();
    struct histogram_bucket bucket;
    unsigned position = 0;

    cr_assert_eq(histogram_quantile(&histogram, 0.5), 0);
    cr_assert_eq(histogram_mean_ns(&histogram), 0);
    cr_assert_not(histogram_next(&histogram, &position, &bucket));
    cr_assert_not(histogram_next(&histogram, &position, &bucket));
}

Test(histogram, one_time_is_every_quantile_exactly)
{
    struct histogram histogram = empty();

    histogram_add(&histogram, 123456789);
    cr_assert_eq(histogram_quantile(&histogram, 0), 123456789);
    cr_assert_eq(histogram_quantile(&histogram, 0.5), 123456789);
    cr_assert_eq(histogram_quantile(&histogram, 1), 123456789);
    cr_assert_eq(histogram_mean_ns(&histogram), 123456789);
}

Test(histogram, times_out_of_range_are_kept_at_its_ends)
{
    struct histogram histogram = empty();

    histogram_add(&histogram, -1);
    histogram_add(&histogram, INT64_MAX);
    cr_assert_eq(histogram.min_ns, 0);
    cr_assert_eq(histogram.max_ns, INT64_MAX);
    cr_assert_eq(histogram_quantile(&histogram, 0.5), 0);
    cr_assert_eq(histogram_quantile(&histogram, 1), INT64_MAX);
}

Test(histogram, ranks_are_exact)
{
    struct histogram histogram = empty();

    for (int i = 1; i <= 10; i++)
        histogram_add(&histogram, i);
    cr_assert_eq(histogram_quantile(&histogram, 0.5), 5);
    cr_assert_eq(histogram_quantile(&histogram, 0.9), 9);
    cr_assert_eq(histogram_quantile(&histogram, 0.91), 10);
    for (int i = 0; i < 9990; i++)
        histogram_add(&histogram, 5);
    histogram_add(&histogram, 1000000);
    cr_assert_eq(histogram_quantile(&histogram, 0.9999), 10);
    cr_assert_eq(histogram_quantile(&histogram, 0.99995), 1000000);
}

Test(histogram, from_a_microsecond_to_a_thousand_seconds_within_one_percent)
{
    for (double ns = 1000; ns <= 1e12; ns *= 1.0137) {
        struct histogram histogram = empty();

        histogram_add(&histogram, 1);
        histogram_add(&histogram, (int64_t)ns);
        histogram_add(&histogram, INT64_MAX);
        expect_near(histogram_quantile(&histogram, 0.5), (int64_t)ns);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

Test(histogram, agrees_with_sorted_random_times)
{
    static const double shares[] = {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999};
    static struct histogram halves[2];
    static int64_t times[20000];
    uint64_t state = random_seed();

    for (size_t i = 0; i < 20000; i++) {
        times[i] = (int64_t)(1000 * exp((double)(random_next(&state) % 20000) / 1000));
        histogram_add(&halves[i % 2], times[i]);
    }
    histogram_merge(&halves[0], &halves[1]);
    qsort(times, 20000, sizeof(times[0]), compare);
    cr_assert_eq(halves[0].count, 20000);
    cr_assert_eq(halves[0].min_ns, times[0]);
    cr_assert_eq(halves[0].max_ns, times[19999]);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        expect_near(histogram_quantile(&halves[0], shares[i]), times[(size_t)(shares[i] * 20000 + 0.5) - 1]);
}

Test(histogram, merging_takes_ends_and_mean_over)
{
    struct histogram a = empty(), b = empty();

    histogram_merge(&a, &b);
    cr_assert_eq(a.count, 0);
    histogram_add(&b, 300);
    histogram_add(&b, 100);
    histogram_merge(&a, &b);
    cr_assert_eq(a.count, 2);
    cr_assert_eq(a.min_ns, 100);
    cr_assert_eq(a.max_ns, 300);
    cr_assert_eq(histogram_mean_ns(&a), 200);
}

Test(histogram, buckets_hold_their_times_and_touch_each_other)
{
    struct histogram histogram = empty();
    struct histogram_bucket bucket;
    uint64_t state = random_seed(), count = 0;
    int64_t end = 0, found = 0;
    unsigned position = 0;

    for (int64_t ns = 0; ns < INT64_C(1) << 20; ns += 97)
        histogram_add(&histogram, ns);
    histogram_add(&histogram, INT64_MAX - 1);
    while (histogram_next(&histogram, &position, &bucket)) {
        cr_assert_geq(bucket.from_ns, end);
        cr_assert_gt(bucket.to_ns, bucket.from_ns);
        end = bucket.to_ns;
        count += bucket.count;
    }
    cr_assert_eq(count, histogram.count);
    cr_assert_eq(end, INT64_MAX);
    histogram = empty();
    found = (int64_t)(random_next(&state) >> 24);
    histogram_add(&histogram, found);
    position = 0;
    cr_assert(histogram_next(&histogram, &position, &bucket));
    cr_assert(bucket.from_ns <= found && found < bucket.to_ns && bucket.count == 1);
}
