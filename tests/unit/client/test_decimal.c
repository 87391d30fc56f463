/* SPDX-License-Identifier: MIT */
#include "client/decimal.h"

#include <criterion/criterion.h>
#include <float.h>
#include <string.h>

static void expect(double number, int decimals, const char *expected)
{
    char text[DECIMAL_MAX];

    cr_assert_str_eq(decimal_text(text, number, decimals), expected);
}

Test(decimal, no_zeros_at_the_end)
{
    expect(0, 6, "0");
    expect(0.0012, 6, "0.0012");
    expect(0.5, 3, "0.5");
    expect(30, 1, "30");
    expect(100, 0, "100");
    expect(-2.50, 2, "-2.5");
    expect(1.999, 2, "2");
}

Test(decimal, ends)
{
    char text[DECIMAL_MAX];

    expect(-0.0001, 2, "0");
    expect(1e-9, 6, "0");
    cr_assert_eq(strlen(decimal_text(text, -DBL_MAX, 6)), 310);
}
