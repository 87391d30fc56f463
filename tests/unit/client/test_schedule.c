/* SPDX-License-Identifier: MIT */
#include "client/load/schedule.h"

#include <criterion/criterion.h>

#define MS 1000000

static int64_t due;

/* Takes whatever is due. Returns how many. */
static uint64_t take_all(struct schedule *schedule, int64_t now)
{
    uint64_t before = schedule->started;

    while (schedule_start(schedule, now, &due))
        continue;
    return schedule->started - before;
}

Test(schedule, a_closed_loop_is_due_now)
{
    struct schedule schedule = {.first_ns = 100, .stop_ns = 1000, .limit = UINT64_MAX};

    cr_assert_eq(schedule_start(&schedule, 400, &due), true);
    cr_assert_eq(due, 400);
    cr_assert_eq(schedule_start(&schedule, 400, &due), true);
    cr_assert_eq(schedule_start(&schedule, 1000, &due), false);
    cr_assert_eq(schedule_goes_on(&schedule, 999), true);
    cr_assert_eq(schedule_goes_on(&schedule, 1000), false);
    cr_assert_eq(schedule.late, 0);
    cr_assert_eq(schedule_missed(&schedule), 0);
}

Test(schedule, an_open_loop_keeps_its_times_however_late_it_is)
{
    struct schedule schedule = {.first_ns = 0, .stop_ns = 1000 * MS, .gap_ns = 10 * MS, .limit = UINT64_MAX};

    cr_assert_eq(take_all(&schedule, 0), 1);
    cr_assert_eq(take_all(&schedule, 10 * MS - 1), 0);
    cr_assert_eq(schedule_next(&schedule, 5), 10 * MS);
    /* A stall: all that fell due in it start at once, and their latency counts from when they were due. */
    cr_assert_eq(schedule_start(&schedule, 50 * MS, &due), true);
    cr_assert_eq(due, 10 * MS);
    cr_assert_eq(take_all(&schedule, 50 * MS), 4);
    cr_assert_eq(due, 50 * MS);
    cr_assert_eq(schedule.late, 4);
}

Test(schedule, a_rate_that_does_not_divide_a_second_does_not_drift)
{
    struct schedule schedule = {
        .first_ns = 7, .stop_ns = INT64_MAX, .gap_ns = 1e9 / 300000, .limit = UINT64_MAX};

    schedule.started = 300000 * UINT64_C(3600);
    cr_assert_lt(schedule_next(&schedule, 0) - 7 - INT64_C(3600) * 1000 * MS, 1000);
    cr_assert_gt(schedule_next(&schedule, 0) - 7 - INT64_C(3600) * 1000 * MS, -1000);
}

Test(schedule, what_was_due_before_the_stop_starts_within_the_grace)
{
    struct schedule schedule = {.first_ns = 0, .stop_ns = 100 * MS, .gap_ns = 10 * MS, .limit = UINT64_MAX};

    cr_assert_eq(take_all(&schedule, 30 * MS), 4);
    cr_assert_eq(schedule_missed(&schedule), 6);
    cr_assert_eq(schedule_start(&schedule, 500 * MS, &due), true);
    cr_assert_eq(due, 40 * MS);
    cr_assert_eq(schedule_start(&schedule, 100 * MS + SCHEDULE_GRACE_NS, &due), false);
    cr_assert_eq(schedule_missed(&schedule), 5);
    cr_assert_eq(take_all(&schedule, 500 * MS), 5);
    cr_assert_eq(schedule_missed(&schedule), 0);
    cr_assert_eq(schedule_goes_on(&schedule, 500 * MS), false);
}

Test(schedule, ends_with_its_limit)
{
    struct schedule schedule = {.first_ns = 0, .stop_ns = INT64_MAX, .gap_ns = MS, .limit = 3};

    cr_assert_eq(take_all(&schedule, 50 * MS), 3);
    cr_assert_eq(schedule_goes_on(&schedule, 50 * MS), false);
    cr_assert_eq(schedule_missed(&schedule), 0);
}

Test(schedule, a_stop_ends_it_early_and_once)
{
    struct schedule schedule = {.first_ns = 0, .stop_ns = 100 * MS, .gap_ns = 10 * MS, .limit = UINT64_MAX};

    take_all(&schedule, 15 * MS);
    schedule_stop(&schedule, 45 * MS);
    schedule_stop(&schedule, 90 * MS);
    cr_assert_eq(schedule.stop_ns, 45 * MS);
    cr_assert_eq(schedule_missed(&schedule), 3);
}
