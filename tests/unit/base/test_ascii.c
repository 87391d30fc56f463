/* SPDX-License-Identifier: MIT */
#include "base/ascii.h"

#include <criterion/criterion.h>
#include <stdint.h>

Test(ascii, letters_and_digits)
{
    for (int i = -128; i < 128; i++) {
        char c = (char)i;
        bool upper = i >= 'A' && i <= 'Z', lower = i >= 'a' && i <= 'z';

        cr_expect_eq(ascii_is_upper(c), upper, "%d", i);
        cr_expect_eq(ascii_is_letter(c), upper || lower, "%d", i);
        cr_expect_eq(ascii_is_digit(c), i >= '0' && i <= '9', "%d", i);
        cr_expect_eq(ascii_lower(c), upper ? (char)(i + 32) : c, "%d", i);
    }
}

Test(ascii, same)
{
    cr_expect(ascii_same("UNIX:/x", "unix:", 5));
    cr_expect(ascii_same("a", "A", SIZE_MAX));
    cr_expect(ascii_same("ab", "aC", 1));
    cr_expect(ascii_same("ab", "c", 0));
    cr_expect_not(ascii_same("ab", "aC", 2));
    cr_expect_not(ascii_same("a", "ab", SIZE_MAX));
    cr_expect_not(ascii_same("ab", "a", SIZE_MAX));
    cr_expect_not(ascii_same("[", "{", 1));
}
