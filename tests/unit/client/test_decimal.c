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

static void expect_read(const char *text, size_t length, double expected)
{
    double number = 7;

    cr_assert_eq(decimal_read(text, &number), length, "%s", text);
    cr_assert_eq(number, expected, "%s", text);
}

Test(decimal, reads_digits_with_a_point)
{
    expect_read("30", 2, 30);
    expect_read("0.5ms", 3, 0.5);
    expect_read(".5", 2, 0.5);
    expect_read("5.:", 2, 5);
    expect_read("1.2.3", 3, 1.2);
}

Test(decimal, reads_nothing_else)
{
    const char *const texts[] = {"", ".", "-1", "+1", " 1", "inf", "nan", "x"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_read(texts[i], 0, 7);
}
