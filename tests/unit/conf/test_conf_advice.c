/* SPDX-License-Identifier: MIT */
#include "conf/conf_advice.h"

#include "conf/conf_lex.h"

#include <criterion/criterion.h>
#include <string.h>

static void assert_number(const char *setting, const char *number, const char *expected)
{
    struct conf_token token = {CONF_TOKEN_NUMBER, number, strlen(number), 1};
    bool is_number;
    const char *wrong = conf_lex_number(number, strlen(number), &is_number);

    cr_assert_not_null(wrong);
    cr_assert_str_eq(conf_advice_number(setting, &token, is_number, wrong).text, expected);
}

Test(conf_advice, a_number_in_view_of_its_setting)
{
    assert_number("workers.processes", "99999999999",
                  "is out of range; allowed: a whole number from 1 to 256");
    assert_number("workers.processes", "0xFFFFFFFFE",
                  "is out of range; allowed: a whole number from 1 to 256");
    assert_number("workers.processes", "-010",
                  "has a leading zero, but octal numbers are not supported; remove the zero");
    assert_number("timeouts.drain", "1e999",
                  "is out of range for a floating-point number; allowed: seconds from 0 to 3600");
    assert_number("timeouts.drain", "01.5", "has a leading zero; remove it");
    assert_number("listeners.a.mode", "0640", "is a whole number; write mode = \"0640\"");
    assert_number("listeners.a.mode", "0980", "is a whole number; allowed: a string in double quotes");
    assert_number("listeners.a.port", "080",
                  "has a leading zero, but octal numbers are not supported; remove the zero");
}

/* An address is the one number for which an L helps. */
Test(conf_advice, an_address_as_a_number)
{
    static const char long_one[] = "does not fit into 32 bits; append an L";
    static const char none[] =
        "is out of range; allowed: 0 to 4294967295, with an L appended above 2147483647";

    assert_number("listeners.a.address", "2147483648", long_one);
    assert_number("listeners.a.address", "4294967295", long_one);
    assert_number("listeners.a.address", "0xFFFFFFFF", long_one);
    assert_number("listeners.a.address", "4294967296", none);
    assert_number("listeners.a.address", "0x100000000", none);
    assert_number("listeners.a.address", "-2147483649", none);
}

Test(conf_advice, what_has_no_range)
{
    static const char any[] = "does not fit into 32 bits; append an L";

    assert_number("unknown", "99999999999", any);
    assert_number("listeners.a", "99999999999", any);
    assert_number("listeners.a.b.mode", "99999999999", any);
    assert_number("workers.processes", "12x", "is not a number; put strings in double quotes");
}

static void assert_groups(const char *group, unsigned line, const char *rest, const char *expected)
{
    struct conf_lexer lexer = {rest, rest + strlen(rest), 1};
    struct conf_token token = conf_lex_next(&lexer);

    cr_assert_eq(token.kind, CONF_TOKEN_NUMBER);
    cr_assert_str_eq(conf_advice_groups(group, line, &token, lexer).text, expected);
}

Test(conf_advice, groups_for_dots)
{
    assert_groups("log", 0, ".level = \"debug\";", "; write log = { level = \"debug\"; };");
    assert_groups("log", 7, ".level : 3", "; write level = 3; in the group on line 7");
    assert_groups("listeners", 0, ".a.port=80", "; write listeners = { a = { port = 80; }; };");
    assert_groups("listeners.a", 0, ".port=80", "; write a = { port = 80; };");
    assert_groups("listeners", 0, ".a = { };", "; write listeners = { a = { ... }; };");
    assert_groups("listeners", 0, ".a = [ 1 ];", "; write listeners = { a = ...; };");
    assert_groups("log", 0, ".level = \"a\x1b\";", "; write log = { level = ...; };");
    assert_groups("log", 0, ".level", "; write log = { level = ...; };");
    assert_groups("log.level", 0, ".x = 3", "");
    assert_groups("lo", 0, ".level = 3", "");
    assert_groups("listeners.a.port", 0, ".x = 3", "");
}

static void assert_port(const char *word, const char *expected)
{
    struct message error = {""};

    cr_assert_eq(conf_advice_port(word, &error), *expected != '\0', "%s", word);
    cr_assert_str_eq(error.text, expected);
}

Test(conf_advice, an_address_with_a_port)
{
    assert_port("127.0.0.1:80",
                "\"127.0.0.1:80\" includes a port; write address = \"127.0.0.1\"; port = 80;");
    assert_port("[::1]:http", "\"[::1]:http\" includes a port; write address = \"::1\"; port = \"http\";");
    assert_port(":80", "\":80\" includes a port; write address = \"\"; port = 80;");
    assert_port("tcp://[::1]:80", "\"tcp://[::1]:80\" includes a port; write address = \"::1\"; port = 80;");
    assert_port("1::2::3", "");
    assert_port("[::1", "");
    assert_port("[::1]", "");
    assert_port("[", "");
    assert_port("127.0.0.1:", "");
    assert_port("127.0.0.1", "");
}

Test(conf_advice, a_mode_as_a_number)
{
    static const char octal[] = "is a whole number; allowed: octal digits as a string, \"0000\" to \"0777\"";

    cr_assert_str_eq(conf_advice_mode(660).text, "is a whole number; write mode = \"0660\"");
    cr_assert_str_eq(conf_advice_mode(66).text, octal);
    cr_assert_str_eq(conf_advice_mode(680).text, octal);
    cr_assert_str_eq(conf_advice_mode(6600).text, octal);
    cr_assert_str_eq(conf_advice_mode(-1).text, octal);
}
