/* SPDX-License-Identifier: MIT */
#include "ctl/text.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *text, const char *kept, const char *expected)
{
    char *printable = text_printable(text, kept);

    cr_assert_str_eq(printable, expected);
    free(printable);
}

Test(text, control_characters_are_escaped)
{
    expect("a\x1b[31m\a\x7f\n\r\t", "", "a\\x1b[31m\\x07\\x7f\\n\\r\\t");
    expect("a\n\tb\r", "\n\t", "a\n\tb\\r");
    expect("a \\ \"~", "", "a \\ \"~");
}

Test(text, letters_are_shown_where_the_locale_has_them)
{
    setlocale(LC_CTYPE, "C");
    expect("h\xc3\xb6i", "", "h\\xc3\\xb6i");
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    expect("h\xc3\xb6i \xf0\x9f\x98\x80", "", "h\xc3\xb6i \xf0\x9f\x98\x80");
}

Test(text, what_would_be_heeded_is_escaped_in_every_locale)
{
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    expect("\xc2\x9b", "", "\\xc2\\x9b");          /* CSI */
    expect("\xe2\x80\xae", "", "\\xe2\\x80\\xae"); /* from right to left */
    expect("\x9b\xff\xc3", "", "\\x9b\\xff\\xc3");
    expect("\xc0\xaf\xed\xa0\x80", "", "\\xc0\\xaf\\xed\\xa0\\x80"); /* overlong, half of a pair */
    expect("\xf4\x90\x80\x80", "", "\\xf4\\x90\\x80\\x80");          /* beyond U+10FFFF */
}

Test(text, width_is_in_columns)
{
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    cr_assert_eq(text_width(""), 0);
    cr_assert_eq(text_width("h\xc3\xb6i"), 3);
    cr_assert_eq(text_width("\xe6\xbc\xa2"), 2); /* a wide one */
    cr_assert_eq(text_width("o\xcc\x88"), 1);    /* two that are one */
    cr_assert_eq(text_fitting("h\xc3\xb6i", 2), 3);
    cr_assert_eq(text_fitting("abc", 3), 3);
    cr_assert_eq(text_fitting("\xe6\xbc\xa2", 1), 3); /* one at least */
    cr_assert_eq(text_fitting("", 1), 0);
}

Test(text, random_bytes_become_printable)
{
    uint64_t state = random_seed();
    char bytes[33] = "";

    setlocale(LC_CTYPE, "C");
    for (int round = 0; round < 2000; round++) {
        char *printable;

        for (size_t i = 0; i < sizeof(bytes) - 1; i++)
            bytes[i] = (char)(random_next(&state) % 255 + 1);
        printable = text_printable(bytes, "");
        cr_assert_geq(strlen(printable), strlen(bytes));
        for (const char *at = printable; *at; at++)
            cr_assert(*at >= 0x20 && *at < 0x7f);
        free(printable);
    }
}
