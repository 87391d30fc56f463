/* SPDX-License-Identifier: MIT */
#include "service/time.h"

#include <criterion/criterion.h>

static void assert_said(time_t second, uint32_t expected)
{
    const struct plan *plan = service_time.fixed;
    struct moment moment = {0};
    const struct occasion occasion = {.moment = &moment};
    unsigned char out[4];

    moment_set(&moment, (struct timespec){.tv_sec = second});
    cr_assert_eq(service_time.answer(plan, &occasion, (char *)out), sizeof(out));
    cr_assert_eq(plan->longest, sizeof(out));
    cr_assert_eq((uint32_t)out[0] << 24 | (uint32_t)out[1] << 16 | (uint32_t)out[2] << 8 | out[3], expected);
}

/* The examples of RFC 868. */
Test(time, is_counted_from_1900)
{
    assert_said(0, 2208988800);
    assert_said(315532800, 2524521600);
    assert_said(420595200, 2629584000);
}

Test(time, begins_anew_in_2036)
{
    assert_said(2085978495, 4294967295);
    assert_said(2085978496, 0);
}
