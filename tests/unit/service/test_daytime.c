/* SPDX-License-Identifier: MIT */
#include "service/daytime.h"

#include <criterion/criterion.h>
#include <string.h>

static void assert_said(time_t second, const char *expected)
{
    const struct plan *plan = service_daytime.fixed;
    struct moment moment = {0};
    const struct occasion occasion = {.moment = &moment};
    char out[64] = "";

    moment_set(&moment, (struct timespec){.tv_sec = second});
    cr_assert_eq(service_daytime.answer(plan, &occasion, out), strlen(expected));
    cr_assert_str_eq(out, expected);
    cr_assert_leq(strlen(out), plan->longest);
}

/* The example of RFC 867, in UTC. */
Test(daytime, is_written_as_rfc_867_has_it)
{
    assert_said(383247463, "22 FEB 1982 17:37:43 UTC\r\n");
    assert_said(0, "01 JAN 1970 00:00:00 UTC\r\n");
    assert_said(4102444799, "31 DEC 2099 23:59:59 UTC\r\n");
}

/* To a global address an answer to nothing has 64 bytes with the headers of IPv4 and UDP. */
Test(daytime, answers_an_empty_datagram_whole)
{
    cr_assert_leq(service_daytime.fixed->longest, 64 - 20 - 8);
}
