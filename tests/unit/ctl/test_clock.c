/* SPDX-License-Identifier: MIT */
#include "ctl/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static char room[CLOCK_MAX];

Test(clock, parses_what_the_service_writes)
{
    time_t when;

    cr_assert(clock_parse("2026-11-26T20:34:55.123Z", &when));
    cr_assert_eq(when, 1795725295);
    cr_assert(clock_parse("1970-01-01T00:00:00Z", &when));
    cr_assert_eq(when, 0);
}

Test(clock, refuses_everything_else)
{
    static const char *const texts[] = {"",
                                        "soon",
                                        "2026-11-26",
                                        "2026-11-26T20:34:55",
                                        "2026-11-26T20:34:55+01:00",
                                        "2026-13-26T20:34:55Z",
                                        "2026-11-26T20:34:55.123Zx"};
    time_t when;

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        cr_assert_not(clock_parse(texts[i], &when), "%s", texts[i]);
        cr_assert_str_eq(clock_local(room, texts[i], 0), texts[i]);
    }
}

Test(clock, has_a_date_unless_it_is_todays)
{
    const char *time = "2026-11-26T23:34:55.999Z";

    setenv("TZ", "UTC", 1);
    cr_assert_str_eq(clock_local(room, time, 1795725295), "23:34:55");
    cr_assert_str_eq(clock_local(room, time, 1795725295 + 86400), "2026-11-26 23:34:55");
    setenv("TZ", "CET-1", 1); /* where it is the 27th at that time */
    tzset();
    cr_assert_str_eq(clock_local(room, time, 1795725295), "2026-11-27 00:34:55");
    cr_assert_str_eq(clock_local(room, time, 1795725295 + 86400), "00:34:55");
}

Test(clock, durations)
{
    cr_assert_str_eq(clock_duration(room, -5), "0 s");
    cr_assert_str_eq(clock_duration(room, 59), "59 s");
    cr_assert_str_eq(clock_duration(room, 60), "1 min");
    cr_assert_str_eq(clock_duration(room, 3599), "59 min");
    cr_assert_str_eq(clock_duration(room, 2 * 3600 + 3 * 60 + 59), "2 h 3 min");
    cr_assert_str_eq(clock_duration(room, 86400 * 400 + 3600), "400 d 1 h");
}
