/* SPDX-License-Identifier: MIT */
#include "client/pattern.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is found, as text; NULL if nothing is. */
static const char *find(const char *text, const char *bytes, size_t count)
{
    static char found[64];
    struct pattern pattern;
    struct pattern_match match;
    struct message error;
    bool is_found;

    cr_assert_eq(pattern_compile(&pattern, text, &error), 0, "%s", error.text);
    is_found = pattern_find(&pattern, bytes, count, &match);
    cr_assert_eq(pattern_find(&pattern, bytes, count, NULL), is_found);
    pattern_free(&pattern);
    if (!is_found)
        return NULL;
    snprintf(found, sizeof(found), "%.*s", (int)match.count, match.bytes);
    return found;
}

static void expect(const char *text, const char *bytes, const char *expected)
{
    const char *found = find(text, bytes, strlen(bytes));

    if (expected)
        cr_assert_str_eq(found ? found : "(nothing)", expected);
    else
        cr_assert_null(found);
}

Test(pattern, the_first_group_or_everything)
{
    expect("web-[0-9]+", "this is web-12!", "web-12");
    expect("is (web)-([0-9]+)", "this is web-12!", "web");
    expect("a|(b)", "a", "a");
    expect("(x?)b", "b", "");
    expect("web-[0-9]+", "this is db-1", NULL);
}

Test(pattern, lines)
{
    expect("^b$", "a\nb\nc\n", "b");
    expect("web-1$", "web-1\r\n", "web-1");
    expect("a.b", "a\nb", NULL);
    expect("^$", "", "");
}

Test(pattern, only_the_bytes_are_searched)
{
    cr_assert_null(find("b", "aab", 2));
    cr_assert_str_eq(find("b", "a\0b", 3), "b");
    cr_assert_null(find("b", NULL, 0));
}

Test(pattern, bytes_that_are_no_characters_are_passed_over)
{
    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    expect("b+", "\xff\xc3\x80\xf0zbb", "bb");
}

Test(pattern, what_is_too_far_is_not_searched)
{
    size_t count = PATTERN_SEARCHED_MAX + 1;
    char *bytes = malloc(count);

    cr_assert(bytes);
    memset(bytes, 'a', count);
    bytes[count - 1] = 'b';
    cr_assert_null(find("b", bytes, count));
    cr_assert_str_eq(find("b", bytes + 1, count - 1), "b");
    free(bytes);
}

Test(pattern, errors_are_said)
{
    struct pattern pattern;
    struct message error;

    cr_assert_eq(pattern_compile(&pattern, "web-(", &error), -1);
    cr_assert_str_eq(error.text, "'web-(' is not a regular expression: unmatched ( or \\(");
}
