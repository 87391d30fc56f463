/* SPDX-License-Identifier: MIT */
#include "shm/record.h"

#include <criterion/criterion.h>

/* Arrival and duration, as they are read so long after the end. */
static void times(int64_t arrived, int64_t ended, int64_t after, int64_t wanted_duration)
{
    struct record record = {.bytes = 1};
    int64_t got, duration;

    record_set_times(&record, arrived, ended);
    record_times(&record, ended + after, &got, &duration);
    cr_expect_eq(duration, wanted_duration);
    cr_expect_eq(got, ended - wanted_duration);
}

#define HOUR (3600 * NS_PER_S)

Test(record, keeps_times_to_the_microsecond)
{
    times(0, 0, 0, 0);
    times(5000, 1234567000, NS_PER_S, 1234562000);
    times(1000 * HOUR, 1000 * HOUR + 26000, 0, 26000);
    times(400 * HOUR, 500 * HOUR, 200 * HOUR, 100 * HOUR);
}

Test(record, what_lasts_longer_than_fits_is_as_long_as_fits)
{
    times(0, 1000 * HOUR, NS_PER_S, ((INT64_C(1) << 40) - 1) * 1000);
}
