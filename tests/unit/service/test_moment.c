/* SPDX-License-Identifier: MIT */
#include "service/moment.h"

#include <criterion/criterion.h>
#include <string.h>

static void assert_text(struct moment *moment, time_t second, const char *expected)
{
    moment_set(moment, (struct timespec){.tv_sec = second});
    cr_assert_eq(moment->second, second);
    cr_assert_str_eq(moment->rfc3339, expected);
}

Test(moment, is_written_as_rfc_3339_has_it)
{
    struct moment moment = {0};

    assert_text(&moment, 0, "1970-01-01T00:00:00Z");
    assert_text(&moment, 951827696, "2000-02-29T12:34:56Z");
    assert_text(&moment, 4102444799, "2099-12-31T23:59:59Z");
}

Test(moment, is_written_once_a_second)
{
    struct moment moment = {0};

    cr_assert(moment_set(&moment, (struct timespec){.tv_sec = 100}));
    cr_assert_not(moment_set(&moment, (struct timespec){.tv_sec = 100, .tv_nsec = 1}));
    cr_assert(moment_set(&moment, (struct timespec){.tv_sec = 99}));
    cr_assert(moment_set(&moment, (struct timespec){.tv_sec = 100}));
    strcpy(moment.rfc3339, "as it was");
    assert_text(&moment, 100, "as it was");
    assert_text(&moment, 99, "1970-01-01T00:01:39Z");
}
