/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <string.h>

Test(escape, leaves_printable_text_alone)
{
    char text[32];

    cr_assert_eq(escape_bytes(text, sizeof(text), "Thank you", 9), 9);
    cr_assert_str_eq(text, "Thank you");
}

Test(escape, writes_control_and_high_bytes_as_escapes)
{
    char text[64];

    escape_bytes(text, sizeof(text), "a\r\n\t\\\0\x7f\xff\x1b", 9);
    cr_assert_str_eq(text, "a\\r\\n\\t\\\\\\x00\\x7f\\xff\\x1b");
}

Test(escape, letters_of_short_forms_stay_letters)
{
    char text[8];

    escape_bytes(text, sizeof(text), "nrt", 3);
    cr_assert_str_eq(text, "nrt");
}

Test(escape, never_cuts_an_escape_in_half)
{
    char text[7];

    cr_assert_eq(escape_bytes(text, sizeof(text), "ab\xff\xff", 4), 6);
    cr_assert_str_eq(text, "ab\\xff");
    cr_assert_eq(escape_bytes(text, 5, "ab\xff", 3), 2);
    cr_assert_str_eq(text, "ab");
}

Test(escape, writes_nothing_without_room)
{
    char text[1] = "x";

    cr_assert_eq(escape_bytes(text, 0, "abc", 3), 0);
    cr_assert_eq(text[0], 'x');
    cr_assert_eq(escape_bytes(text, 1, "abc", 3), 0);
    cr_assert_eq(text[0], '\0');
}

Test(escape, output_is_printable_whatever_comes_in)
{
    uint64_t state = random_seed();
    unsigned char bytes[64];
    char text[256];

    for (int round = 0; round < 2000; round++) {
        size_t size = random_next(&state) % sizeof(text) + 1, length;

        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (unsigned char)random_next(&state);
        length = escape_bytes(text, size, bytes, sizeof(bytes));
        cr_assert_lt(length, size);
        cr_assert_eq(strlen(text), length);
        for (size_t i = 0; i < length; i++)
            cr_assert(text[i] >= 0x20 && text[i] < 0x7f);
    }
}
