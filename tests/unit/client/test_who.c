/* SPDX-License-Identifier: MIT */
#include "client/who.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

static void expect(const char *regex, const char *answer, const char *expected)
{
    struct pattern pattern;
    struct message error;
    struct answer_fields fields;
    char who[WHO_MAX];

    answer_fields_read(&fields, answer, strlen(answer));
    if (regex)
        cr_assert_eq(pattern_compile(&pattern, regex, &error), 0);
    cr_assert_eq(who_name(who, regex ? &pattern : NULL, &fields, answer, strlen(answer)), *expected != '\0');
    cr_assert_str_eq(who, expected);
    if (regex)
        pattern_free(&pattern);
    answer_fields_free(&fields);
}

Test(who, the_answer_says_so)
{
    expect(NULL, "{\"hostname\":\"web-1\",\"instance\":\"web-1\"}\n", "web-1");
    expect(NULL, "{\"hostname\":\"web-1\",\"instance\":\"blue\"}\n", "blue@web-1");
    expect(NULL, "{\"instance\":\"blue\"}\n", "blue");
    expect(NULL, "hostname='web-1' instance=''\n", "web-1");
    expect(NULL, "Welcome to web-1\n", "");
    expect(NULL, "{\"hostname\":\"\"}\n", "");
}

Test(who, a_pattern_finds_it)
{
    expect("Welcome to ([^ ]+)", "Welcome to web-1\r\n", "web-1");
    expect("web-[0-9]+", "Welcome to web-1\r\n", "web-1");
    expect("\"worker\":([0-9]+)", "{\"hostname\":\"web-1\",\"worker\":3}", "3");
    expect("db", "{\"hostname\":\"web-1\"}", ""); /* the pattern alone decides */
    expect("x*", "web-1", "");
}

Test(who, a_name_is_safe_and_short)
{
    char answer[300], expected[WHO_MAX] = "";

    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    expect(NULL, "{\"hostname\":\"a\\u001b[31m\\u061c\"}", "a\\x1b[31m\\xd8\\x9c");
    expect(".+", "a\x1b", "a\\x1b");
    memset(expected, 'a', WHO_MAX - 4);
    strcat(expected, "\xe2\x80\xa6");
    strcpy(answer, "hostname=");
    memset(answer + 9, 'a', 250);
    answer[259] = '\0';
    expect(NULL, answer, expected);
    expect("a+", answer + 9, expected);
}
