/* SPDX-License-Identifier: MIT */
#include "ctl/wrap.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect(size_t indent, const char *text, const char *expected)
{
    char *printed;
    size_t size;
    FILE *out = open_memstream(&printed, &size);

    wrap_print(out, indent, text);
    fclose(out);
    cr_assert_str_eq(printed, expected);
    free(printed);
}

Test(wrap, short_text_is_a_line)
{
    expect(0, "", "\n");
    expect(10, "a b", "a b\n");
    expect(10, "a\x1b", "a\\x1b\n");
}

Test(wrap, lines_stay_lines)
{
    expect(2, "a\nb\n\nc", "a\n  b\n\n  c\n");
}

Test(wrap, words_stay_whole)
{
    expect(70, "12345 7890", "12345 7890\n");
    expect(70, "12345 78901",
           "12345\n"
           "                                                                      78901\n");
    expect(76, "ab cd",
           "ab\n"
           "                                                                            cd\n");
    expect(76, "abcd ef",
           "abcd\n"
           "                                                                            ef\n");
}

Test(wrap, a_word_that_is_too_long_is_cut)
{
    expect(76, "abcdef",
           "abcd\n"
           "                                                                            ef\n");
}
