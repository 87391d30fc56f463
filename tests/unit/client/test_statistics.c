/* SPDX-License-Identifier: MIT */
#include "client/statistics.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct statistics empty(void)
{
    struct statistics statistics;

    memset(&statistics, 0, sizeof(statistics));
    return statistics;
}

static void add_answer(struct statistics *statistics, int64_t ns)
{
    statistics_add_sent(statistics);
    statistics_add_answer(statistics, ns);
}

static void add_loss(struct statistics *statistics, enum outcome outcome)
{
    statistics_add_sent(statistics);
    statistics_add_loss(statistics, outcome);
}

static void assert_near(double a, double b)
{
    cr_assert(fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b)) + 1e-12);
}

Test(statistics, nothing_sent)
{
    struct statistics statistics = empty();
    struct statistics_times times = statistics_times(&statistics);
    char text[STATISTICS_PERCENT_MAX];

    cr_assert_str_eq(statistics_loss_percent(text, &statistics), "0 %");
    cr_assert_eq(times.mdev, 0);
    cr_assert_eq(times.p99, 0);
}

Test(statistics, one_answer_does_not_deviate)
{
    struct statistics statistics = empty();
    struct statistics_times times;

    add_answer(&statistics, 214000);
    times = statistics_times(&statistics);
    assert_near(times.min, 0.214);
    assert_near(times.avg, 0.214);
    assert_near(times.max, 0.214);
    assert_near(times.mdev, 0);
    assert_near(times.p50, 0.214);
    assert_near(times.p99, 0.214);
}

Test(statistics, a_known_series)
{
    static const int64_t series[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct statistics statistics = empty();
    struct statistics_times times;

    for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++)
        add_answer(&statistics, series[i] * 1000000);
    times = statistics_times(&statistics);
    assert_near(times.min, 2);
    assert_near(times.max, 9);
    assert_near(times.avg, 5);
    assert_near(times.mdev, 2);
    cr_assert(fabs(times.p50 - 4) <= 0.04);
    cr_assert(fabs(times.p90 - 9) <= 0.09);
}

Test(statistics, losses_count_by_class)
{
    struct statistics statistics = empty();
    char text[STATISTICS_PERCENT_MAX];

    add_loss(&statistics, OUTCOME_TIMEOUT);
    add_answer(&statistics, 5);
    add_loss(&statistics, OUTCOME_TIMEOUT);
    add_loss(&statistics, OUTCOME_REFUSED);
    cr_assert_eq(statistics.sent, 4);
    cr_assert_eq(statistics.answered, 1);
    cr_assert_eq(statistics.losses[OUTCOME_TIMEOUT], 2);
    cr_assert_eq(statistics.losses[OUTCOME_REFUSED], 1);
    cr_assert_eq(statistics_lost(&statistics), 3);
    cr_assert_str_eq(statistics_loss_percent(text, &statistics), "75 %");
}

Test(statistics, what_is_outstanding_is_not_lost)
{
    struct statistics statistics = empty();
    char text[STATISTICS_PERCENT_MAX];

    add_answer(&statistics, 5);
    statistics_add_sent(&statistics);
    cr_assert_eq(statistics_outstanding(&statistics), 1);
    cr_assert_str_eq(statistics_loss_percent(text, &statistics), "0 %");
    statistics_add_loss(&statistics, OUTCOME_RESET);
    cr_assert_eq(statistics_outstanding(&statistics), 0);
    cr_assert_str_eq(statistics_loss_percent(text, &statistics), "50 %");
}

Test(statistics, small_deviations_of_large_times_survive)
{
    struct statistics statistics = empty();
    int64_t day = INT64_C(86400) * 1000000000;

    for (int i = 0; i < 1000; i++)
        add_answer(&statistics, day + (i % 2 ? 100 : -100));
    cr_assert(fabs(statistics_times(&statistics).mdev - 1e-4) < 1e-6);
}

Test(statistics, agrees_with_two_passes_over_random_times)
{
    struct statistics statistics = empty();
    uint64_t state = random_seed();
    double times[500], sum = 0, squares = 0;

    for (int i = 0; i < 500; i++) {
        int64_t ns = (int64_t)(random_next(&state) % 4000000000);

        add_answer(&statistics, ns);
        times[i] = (double)ns / 1e6;
        sum += times[i];
    }
    for (int i = 0; i < 500; i++)
        squares += (times[i] - sum / 500) * (times[i] - sum / 500);
    assert_near(statistics_times(&statistics).avg, sum / 500);
    assert_near(statistics_times(&statistics).mdev, sqrt(squares / 500));
}

static void expect_percent(uint64_t part, uint64_t whole, const char *expected)
{
    char text[STATISTICS_PERCENT_MAX];

    cr_assert_str_eq(statistics_percent(text, part, whole), expected);
}

Test(statistics, percentages_have_the_digits_that_matter)
{
    expect_percent(512, 1000, "51 %");
    expect_percent(1, 2, "50 %");
    expect_percent(1, 40, "2.5 %");
    expect_percent(1, 20, "5 %");
    expect_percent(3, 1000, "0.3 %");
    expect_percent(1, 4096, "0.02 %");
    expect_percent(39, 40, "97.5 %");
    expect_percent(2999, 3000, "99.97 %");
}

Test(statistics, nothing_and_everything_are_said_only_when_it_is_so)
{
    expect_percent(0, 0, "0 %");
    expect_percent(0, 3000000, "0 %");
    expect_percent(1, 3000000, "<0.01 %");
    expect_percent(2999999, 3000000, ">99.99 %");
    expect_percent(3000000, 3000000, "100 %");
    expect_percent(1, UINT64_MAX, "<0.01 %");
    expect_percent(UINT64_MAX - 1, UINT64_MAX, ">99.99 %");
    expect_percent(UINT64_MAX, UINT64_MAX, "100 %");
}
