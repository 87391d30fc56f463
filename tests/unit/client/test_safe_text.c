/* SPDX-License-Identifier: MIT */
#include "client/safe_text.h"

#include "../random.h"
#include "base/printable.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define O_UMLAUT "\xc3\xb6"
#define WIDE     "\xe6\xbc\xa2"
#define MARK     "\xcc\x88"
#define DOTS     "\xe2\x80\xa6"

static void use_utf_8(void)
{
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void expect_print(const char *bytes, size_t count, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert(out);
    safe_text_print(out, bytes, count);
    cr_assert_eq(fclose(out), 0);
    cr_assert_str_eq(text, expected);
    free(text);
}

static void expect_line(size_t size, size_t columns, const char *bytes, const char *expected)
{
    char line[256];
    size_t length = safe_text_line(line, size, columns, bytes, strlen(bytes));

    cr_assert_str_eq(line, expected);
    cr_assert_eq(length, strlen(expected));
}

Test(safe_text, lines_and_tabs_stay_and_the_last_line_ends)
{
    use_utf_8();
    expect_print("a\r\n\tb\n", 6, "a\r\n\tb\n");
    expect_print("a", 1, "a\n");
    expect_print("", 0, "");
    expect_print("a\rb\r", 4, "a\\rb\\r\n");
    expect_print("h" O_UMLAUT "i " WIDE, 8, "h" O_UMLAUT "i " WIDE "\n");
}

Test(safe_text, nothing_is_heeded)
{
    use_utf_8();
    expect_print("\x1b[31m\0\x7f\xff", 8, "\\x1b[31m\\x00\\x7f\\xff\n");
    expect_print("\xc2\x9b", 2, "\\xc2\\x9b\n");                   /* CSI */
    expect_print("\xd8\x9c", 2, "\\xd8\\x9c\n");                   /* Arabic letter mark */
    expect_print("\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8\n");          /* line separator */
    expect_print("\xf3\xa0\x81\x81", 4, "\\xf3\\xa0\\x81\\x81\n"); /* tag */
}

Test(safe_text, a_character_that_is_cut_off_is_escaped)
{
    use_utf_8();
    expect_print("a\xc3", 2, "a\\xc3\n");
    expect_print("\xe6\xbc\xa2", 2, "\\xe6\\xbc\n");
}

Test(safe_text, without_utf_8_everything_beyond_ascii_is_escaped)
{
    setlocale(LC_CTYPE, "C");
    expect_print("h" O_UMLAUT, 3, "h\\xc3\\xb6\n");
    expect_line(256, 6, "abcdefgh", "abc...");
}

Test(safe_text, a_line_has_no_newline)
{
    use_utf_8();
    expect_line(256, 80, "Thank you\r\n", "Thank you");
    expect_line(256, 80, "\n\n", "");
    expect_line(256, 80, "a\r\n\tb", "a\\r\\n\\tb");
}

Test(safe_text, a_line_is_cut_to_columns)
{
    use_utf_8();
    expect_line(256, 5, "abcde", "abcde");
    expect_line(256, 5, "abcdef", "abcd" DOTS);
    expect_line(256, 5, WIDE WIDE WIDE, WIDE WIDE DOTS);
    expect_line(256, 4, WIDE WIDE WIDE, WIDE DOTS); /* half of one would fit */
    expect_line(256, 5, "o" MARK "bcdef", "o" MARK "bcd" DOTS);
    expect_line(256, 5,
                "ab\x1b"
                "cd",
                "ab" DOTS); /* an escape is not cut */
    expect_line(256, 5, "a\x1b", "a\\x1b");
    expect_line(256, 1, "ab", DOTS);
    expect_line(256, 0, "ab", "");
}

Test(safe_text, a_line_is_cut_to_bytes)
{
    use_utf_8();
    expect_line(6, 80, "abcde", "abcde");
    expect_line(6, 80, "abcdef", "ab" DOTS);
    expect_line(2, 80, "abc", "a");
    expect_line(1, 80, "abc", "");
    cr_assert_eq(safe_text_line(NULL, 0, 80, "abc", 3), 0);
}

Test(safe_text, random_bytes_fit_and_are_safe)
{
    static const char *const parts[] = {"a",    O_UMLAUT, WIDE, MARK,           "\x1b",
                                        "\xff", "\n",     " ",  "\xe2\x80\xae", "\xc3"};
    uint64_t state = random_seed();

    use_utf_8();
    for (int round = 0; round < 5000; round++) {
        size_t size = random_next(&state) % 40 + 1, columns = random_next(&state) % 30, width = 0;
        unsigned marks_left = 0;
        char bytes[200] = "", line[40];

        for (int i = 0; i < 40; i++)
            strcat(bytes, parts[random_next(&state) % 10]);
        cr_assert_lt(safe_text_line(line, size, columns, bytes, strlen(bytes)), size);
        for (const char *at = line; *at;) {
            uint32_t character;

            at += printable_read(at, PRINTABLE_BYTES_MAX, &character);
            cr_assert(printable_shows(character, &marks_left));
            width += printable_columns(character);
        }
        cr_assert_leq(width, columns);
    }
}
