/* SPDX-License-Identifier: MIT */
#include "service/format.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void assert_value(enum format format, const char *value, const char *expected)
{
    char *text = format_value(format, value);

    cr_assert_str_eq(text, expected);
    free(text);
}

Test(format, values_stand_between_quotes)
{
    assert_value(FORMAT_TEXT, "a \"b\" 'c'\n", "a \"b\" 'c'\n");
    assert_value(FORMAT_JSON, "a \"b\" 'c'\n\\\x01", "a \\\"b\\\" 'c'\\n\\\\\\u0001");
    assert_value(FORMAT_JSON, "", "");
    assert_value(FORMAT_JSON, "gr\xc3\xbc\xc3\x9f \xff", "gr\xc3\xbc\xc3\x9f \\ufffd");
    assert_value(FORMAT_LINE, "a \"b\" 'c'\n\\\x01", "a \"b\" '\\''c'\\''\\n\\\\\\x01");
    assert_value(FORMAT_LINE, "", "");
}

/* Every byte may become the longest that there is. */
Test(format, the_worst_values_have_room)
{
    char worst[301] = "";
    char *text;

    memset(worst, '\'', 300);
    text = format_value(FORMAT_LINE, worst);
    cr_assert_eq(strlen(text), 4 * 300);
    free(text);
    memset(worst, '\x01', 300);
    text = format_value(FORMAT_LINE, worst);
    cr_assert_eq(strlen(text), 4 * 300);
    free(text);
    text = format_value(FORMAT_JSON, worst);
    cr_assert_eq(strlen(text), 6 * 300);
    free(text);
}

static void assert_greeting(enum format format, const char *greeting, const char *expected)
{
    size_t length;
    char *text = format_wrap(format, greeting, strlen(greeting), 0, &length);

    cr_assert_eq(strlen(text), length);
    cr_assert_not_null(strstr(text, expected), "%s", text);
    cr_assert_eq(text[length - 1], '\n');
    cr_assert_eq(strchr(text, '\n'), text + length - 1);
    free(text);
}

Test(format, the_greeting_is_a_member_without_its_last_newline)
{
    assert_greeting(FORMAT_JSON, "Hello\r\n", "\"greeting\":\"Hello\"");
    assert_greeting(FORMAT_JSON, "a\nb ${pid:-\"}", "\"greeting\":\"a\\nb ${pid:-\\\"}\"");
    assert_greeting(FORMAT_JSON, "\n", "\"greeting\":\"\"");
    assert_greeting(FORMAT_LINE, "Hello\r\n", "greeting='Hello'");
    assert_greeting(FORMAT_LINE, "a\nb it's ${pid}", "greeting='a\\nb it'\\''s ${pid}'");
}
