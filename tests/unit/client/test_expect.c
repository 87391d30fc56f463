/* SPDX-License-Identifier: MIT */
#include "client/expect.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

/* The sentence, or "" if the answer is as expected. */
static const char *judge(const char *argument, const char *answer, size_t length)
{
    static struct message why;
    struct expect expect;
    bool met;

    cr_assert_eq(expect_parse(&expect, argument, &why), 0);
    met = expect_met(&expect, answer, length, &why);
    expect_free(&expect);
    return met ? "" : why.text;
}

static void expect_why(const char *argument, const char *answer, const char *expected)
{
    cr_assert_str_eq(judge(argument, answer, strlen(answer)), expected);
}

static void expect_error(const char *argument, const char *expected)
{
    struct expect expect;
    struct message error;

    cr_assert_eq(expect_parse(&expect, argument, &error), -1);
    cr_assert_str_eq(error.text, expected);
}

Test(expect, a_text_is_contained)
{
    expect_why("you", "Thank you\n", "");
    expect_why("you\n", "Thank you\n", "");
    expect_why("a.c", "abc", "does not contain \"a.c\": \"abc\"");
    expect_why("/", "a/b", "");
    expect_why("/run", "/run", "");
    cr_assert_str_eq(judge("c", "ab\0c", 4), "");
    cr_assert_str_eq(judge("c", "abc", 2), "does not contain \"c\": \"ab\"");
}

Test(expect, a_pattern_matches)
{
    expect_why("/^220 .*SMTP/", "220 mail ESMTP\r\n", "");
    expect_why("/ok$/", "ok\r\n", "");
    expect_why("/^ok$/", "not ok\r\n", "does not match /^ok$/: \"not ok\"");
    expect_why("//run//", "/run/", "");
}

Test(expect, nothing_was_said)
{
    cr_assert_str_eq(judge("x", NULL, 0), "does not contain \"x\": the answer is empty");
    expect_why("x", "\r\n", "does not contain \"x\": the answer is empty");
}

Test(expect, the_sentence_is_short_and_safe)
{
    setlocale(LC_CTYPE, "C");
    expect_why("x", "\x1b[31m", "does not contain \"x\": \"\\x1b[31m\"");
    expect_why("x", "0123456789012345678901234567890123456789",
               "does not contain \"x\": \"0123456789012345678901234567890123456789\"");
    expect_why("x", "01234567890123456789012345678901234567890",
               "does not contain \"x\": \"0123456789012345678901234567890123456...\"");
}

Test(expect, errors)
{
    expect_error("", "'' is empty; allowed: TEXT or /REGEX/");
    expect_error("//", "'//' is empty; allowed: TEXT or /REGEX/");
    expect_error("/a(/", "'a(' is not a regular expression: unmatched ( or \\(");
}
