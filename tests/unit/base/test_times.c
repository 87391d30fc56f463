/* SPDX-License-Identifier: MIT */
#include "base/times.h"

#include <criterion/criterion.h>

static int64_t end_ns(unsigned range)
{
    return (int64_t)(times_end(range) * 1e9 + 0.5);
}

Test(times, each_range_ends_at_four_times_the_end_of_the_one_before)
{
    cr_assert_eq(end_ns(0), 10 * 1000);
    for (unsigned range = 1; range < TIMES - 1; range++)
        cr_assert_eq(end_ns(range), 4 * end_ns(range - 1));
    cr_assert_eq(end_ns(TIMES - 2), INT64_C(10485760000));
}

Test(times, an_end_belongs_to_its_range_and_what_is_longer_to_the_next)
{
    for (unsigned range = 0; range < TIMES - 1; range++) {
        cr_expect_eq(times_range(end_ns(range)), range, "range %u", range);
        cr_expect_eq(times_range(end_ns(range) - 1), range, "range %u", range);
        cr_expect_eq(times_range(end_ns(range) + 1), range + 1, "range %u", range);
    }
}

Test(times, there_is_a_range_for_every_time)
{
    cr_expect_eq(times_range(INT64_MIN), 0);
    cr_expect_eq(times_range(-1), 0);
    cr_expect_eq(times_range(0), 0);
    cr_expect_eq(times_range(INT64_MAX), TIMES - 1);
}
