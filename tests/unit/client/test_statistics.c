/* SPDX-License-Identifier: MIT */
#include "client/statistics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void assert_near(double a, double b)
{
    cr_assert_eq(fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b)) + 1e-6, true);
}

Test(statistics, nothing_sent)
{
    struct statistics statistics = {0};

    cr_assert_eq(statistics_loss_percent(&statistics), 0);
    cr_assert_eq(statistics_mdev_ns(&statistics), 0);
}

Test(statistics, one_answer_does_not_deviate)
{
    struct statistics statistics = {0};

    statistics_add_answer(&statistics, 214000);
    cr_assert_eq(statistics.min_ns, 214000);
    cr_assert_eq(statistics.max_ns, 214000);
    assert_near(statistics.average_ns, 214000);
    assert_near(statistics_mdev_ns(&statistics), 0);
}

Test(statistics, a_known_series)
{
    static const int64_t series[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct statistics statistics = {0};

    for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++)
        statistics_add_answer(&statistics, series[i]);
    cr_assert_eq(statistics.min_ns, 2);
    cr_assert_eq(statistics.max_ns, 9);
    assert_near(statistics.average_ns, 5);
    assert_near(statistics_mdev_ns(&statistics), 2);
}

Test(statistics, losses_count_as_sent_only)
{
    struct statistics statistics = {0};

    statistics_add_loss(&statistics);
    statistics_add_answer(&statistics, 5);
    statistics_add_loss(&statistics);
    statistics_add_loss(&statistics);
    cr_assert_eq(statistics.sent, 4);
    cr_assert_eq(statistics.answered, 1);
    cr_assert_eq(statistics.min_ns, 5);
    assert_near(statistics_loss_percent(&statistics), 75);
}

Test(statistics, small_deviations_of_large_times_survive)
{
    struct statistics statistics = {0};
    int64_t day = INT64_C(86400) * 1000000000;

    for (int i = 0; i < 1000; i++)
        statistics_add_answer(&statistics, day + (i % 2 ? 100 : -100));
    cr_assert_eq(fabs(statistics_mdev_ns(&statistics) - 100) < 1, true);
}

Test(statistics, agrees_with_two_passes_over_random_times)
{
    unsigned seed = (unsigned)time(NULL);
    struct statistics statistics = {0};
    int64_t times[500];
    double sum = 0, squares = 0;

    printf("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < 500; i++) {
        times[i] = random();
        statistics_add_answer(&statistics, times[i]);
        sum += (double)times[i];
    }
    for (int i = 0; i < 500; i++)
        squares += ((double)times[i] - sum / 500) * ((double)times[i] - sum / 500);
    assert_near(statistics.average_ns, sum / 500);
    assert_near(statistics_mdev_ns(&statistics), sqrt(squares / 500));
}
