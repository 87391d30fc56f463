/* SPDX-License-Identifier: MIT */
#include "conf/conf_lex.h"
#include "conf/conf_report.h"
#include "conf/conf_scan.h"

#include <criterion/criterion.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct conf_report report;

static int scanned(const char *text, size_t length)
{
    conf_report_open(&report, "f");
    return conf_scan(text, length, &report);
}

static void assert_good(const char *text)
{
    cr_assert_eq(scanned(text, strlen(text)), 0, "%s", report.text);
    cr_assert_eq(report.errors, 0);
    cr_assert_str_eq(report.text, "");
}

/* The text can be parsed, and yet has this error. */
static void assert_value_error(const char *text, const char *expected)
{
    cr_assert_eq(scanned(text, strlen(text)), 0);
    cr_assert_str_eq(report.text, expected);
}

static void assert_refused(const char *text, const char *expected)
{
    cr_assert_eq(scanned(text, strlen(text)), -1);
    cr_assert_str_eq(report.text, expected);
}

Test(conf_scan, good_texts)
{
    assert_good("");
    assert_good("# only a comment");
    assert_good("/* a\n b */ // c\n#d");
    assert_good("a = 1; b : 2, c = 3 d = 4;");
    assert_good("a = { b = { c = { } } };");
    assert_good("a = [1, 2, 3]; b = (); c = (1, \"x\", {d = 1;});");
    assert_good("a = \"one\" \"two\"\n\"three\";");
    assert_good("a = TRUE; b = False;");
    assert_good("a = \"\\\\ \\\" \\n \\r \\t \\f \\x1b \\XFF\";");
    assert_good("a = \"@include \\\"x\\\" # no comment // nor here\";");
    assert_good("a = { x = 1; };\r\nb = { x = 1; };\r\n");
}

Test(conf_scan, numbers_that_libconfig_would_change)
{
    assert_value_error("a = 99999999999;",
                       "f:1: a: \"99999999999\" does not fit into 32 bits; append an L\n");
    assert_value_error("\n\na = { b = 1e400; };",
                       "f:3: a.b: \"1e400\" is out of range for a floating-point number\n");
    assert_value_error(
        "a = 010;",
        "f:1: a: \"010\" has a leading zero, but octal numbers are not supported; remove the zero, or "
        "write a string\n");
}

Test(conf_scan, every_bad_value_is_reported)
{
    assert_value_error("a = 1e999;\nb = { c = 007; };\nd = \"\\q\";",
                       "f:1: a: \"1e999\" is out of range for a floating-point number\n"
                       "f:2: b.c: \"007\" has a leading zero, but octal numbers are not supported; remove "
                       "the zero, or write a string\n"
                       "f:3: d: unknown escape \\q in a string; allowed: \\\\ \\\" \\n \\r \\t \\f and "
                       "\\xHH (a dollar is "
                       "written $$)\n");
}

Test(conf_scan, lines_are_counted_in_strings_and_comments)
{
    assert_value_error("/*\n\n*/\na = \"x\ny\\q\";", "f:5: a: unknown escape \\q in a string; allowed: "
                                                     "\\\\ \\\" \\n \\r \\t \\f and \\xHH (a dollar is "
                                                     "written $$)\n");
}

Test(conf_scan, hexadecimal_escapes)
{
    assert_value_error("a = \"\\x00\";", "f:1: a: \\x00 in a string; allowed: any byte except NUL\n");
    assert_value_error("a = \"\\x1\";",
                       "f:1: a: \\x in a string must be followed by two hexadecimal digits, such as \\x1b\n");
    assert_value_error("a = \"\\x\";",
                       "f:1: a: \\x in a string must be followed by two hexadecimal digits, such as \\x1b\n");
}

Test(conf_scan, broken_texts)
{
    assert_refused("a = \"x", "f:1: a: the string that begins here has no closing quote\n");
    assert_refused("a = \"x\\", "f:1: a: the string that begins here has no closing quote\n");
    assert_refused("a = 1; /* x", "f:1: syntax: the comment that begins here has no closing \"*/\"\n");
    assert_refused(
        "\n@include \"x\"\n",
        "f:2: syntax: @include is not supported; allowed: more files in FILE.d, see sockgreet.conf(5)\n");
    assert_refused("a = { b = 1;\n", "f:1: a: the bracket that opens here has no closing \"}\"\n");
    assert_refused("a = { b = 1; ];\n",
                   "f:1: a: \"]\" where \"}\" is expected, to close the bracket on line 1\n");
    assert_refused("a = 1; }\n", "f:1: syntax: \"}\" without an opening bracket\n");
    assert_refused("a \"x\";\n", "f:1: a: a string where \"=\" is expected\n");
    assert_refused(
        "a = tcp;\n",
        "f:1: a: \"tcp\" is not a value; allowed: a \"string\" in double quotes, a number, true or false\n");
    assert_refused("a = [1, 2, ];\n", "f:1: a: \"]\" where a value is expected\n");
    assert_refused("a = (1,, 2);\n", "f:1: a: \",\" where a value is expected\n");
    assert_refused("a = ;\n", "f:1: a: \";\" where a value is expected\n");
    assert_refused("a =", "f:1: a: the file ends where a value is expected\n");
    assert_refused("a = 1;; b = 2;\n", "f:1: syntax: \";\" where a setting's name is expected\n");
    assert_refused("a = 1 2;\n", "f:1: a: \"2\" where \";\" is expected\n");
    assert_refused("a=1;b=2;\na=3;\n", "f:2: a: is set twice, first on line 1\n");
}

/* libconfig's own message is "syntax error". */
Test(conf_scan, arrays_hold_plain_values)
{
    assert_refused("a = [[1]];\n", "f:1: a: \"[\" in an array; allowed: only in a list ( ... )\n");
    assert_refused("a = { b = [ { } ]; };\n",
                   "f:1: a.b: \"{\" in an array; allowed: only in a list ( ... )\n");
    assert_good("a = ([1], (2), {b = 1;});\n");
}

Test(conf_scan, scanning_goes_on_after_bad_values)
{
    assert_refused(
        "a = yes;\nb = 10.0.0.1;\nc = 08;\n",
        "f:1: a: \"yes\" is not a value; allowed: a \"string\" in double quotes, a number, true or false\n"
        "f:2: b: \"10.0.0.1\" is not a number; put strings in double quotes\n"
        "f:3: c: \"08\" has a leading zero, but octal numbers are not supported; remove the zero, or write a "
        "string\n");
}

Test(conf_scan, the_settings_of_a_repeated_group_are_not_repeated)
{
    assert_refused("a = { b = 1; };\na = { b = 1; };\nc = 1; c = 2;",
                   "f:2: a: is set twice, first on line 1\nf:3: c: is set twice, first on line 3\n");
}

/* libconfig's own message names no setting and no other line, and it stops there. */
Test(conf_scan, a_list_has_groups_in_which_settings_are_repeated)
{
    assert_refused("a = ({ b = 1; }, { b = 1;\nb = 2; });\nc = 1;\nc = 2;\nd",
                   "f:2: a.b: is set twice, first on line 1\nf:4: c: is set twice, first on line 3\n"
                   "f:5: d: the file ends where \"=\" is expected\n");
}

Test(conf_scan, a_setting_repeated_many_times)
{
    char text[4096];
    size_t used = 0;

    for (int i = 0; i < 200; i++)
        used += (size_t)sprintf(text + used, "a = %d;\n", i);
    cr_assert_eq(scanned(text, used), -1);
    cr_assert_eq(strncmp(report.text, "f:2: a: is set twice, first on line 1\nf:3: a: ", 46), 0, "%s",
                 report.text);
    cr_assert_geq(report.errors, 20);
}

/* With CR alone as line ends, a file was one comment from its first "#" on: all defaults, without a message.
 */
Test(conf_scan, comments_do_not_go_on_behind_carriage_returns)
{
    assert_refused("# a comment\rgreeting = \"x\";\r", "f:1: syntax: the comment continues after a carriage "
                                                       "return; allowed: lines that end with a newline\n");
    assert_refused("a = 1;\r\n\r\n// b\rc = 1;\n", "f:3: syntax: the comment continues after a carriage "
                                                   "return; allowed: lines that end with a newline\n");
    assert_good("a = 1;\r\n# b\r\n\r// c\r");
    assert_good("a = \"x\ry\";");
}

Test(conf_scan, bytes_that_are_no_text)
{
    cr_assert_eq(scanned("a = 1;\n\0b = 2;", 14), -1);
    cr_assert_str_eq(report.text, "f:2: syntax: a NUL byte; allowed: text\n");
    cr_assert_eq(scanned("\xef\xbb\xbf"
                         "a = 1;",
                         9),
                 -1);
    cr_assert_str_eq(report.text,
                     "f:1: syntax: the file begins with a byte-order mark; save it as UTF-8 without one\n");
}

Test(conf_scan, names_of_any_length_are_bounded)
{
    char text[1024];

    memset(text, 'n', sizeof(text) - 1);
    strcpy(text + 900, " = 1;");
    cr_assert_eq(scanned(text, strlen(text)), -1);
    cr_assert_str_eq(report.text, "f:1: syntax: a name of 900 bytes; allowed: at most 64\n");
    memcpy(text + 64, "=1;\n", 4);
    cr_assert_eq(scanned(text, strlen(text)), -1);
    cr_assert_str_eq(report.text, "f:2: syntax: a name of 832 bytes; allowed: at most 64\n");
}

Test(conf_scan, many_settings_are_told_apart)
{
    char *text = malloc(200000);
    size_t used = 0;

    for (int i = 0; i < 3000; i++)
        used += (size_t)sprintf(text + used, "s%d = %d;\n", i, i);
    cr_assert_eq(scanned(text, used), 0);
    used += (size_t)sprintf(text + used, "s77 = 1;\n");
    cr_assert_eq(scanned(text, used), -1);
    cr_assert_str_eq(report.text, "f:3001: s77: is set twice, first on line 78\n");
    free(text);
}

static void assert_number(const char *text, bool good)
{
    bool is_number;

    cr_assert_eq(conf_lex_number(text, strlen(text), &is_number) == NULL, good, "%s", text);
}

Test(conf_number, good)
{
    static const char *const numbers[] = {"0",
                                          "-0",
                                          "+1",
                                          "2147483647",
                                          "-2147483648",
                                          "2147483648L",
                                          "7LL",
                                          "0x0",
                                          "0x7fffffff",
                                          "0xffffffffL",
                                          "1.5",
                                          "-.5",
                                          "5.",
                                          "1e3",
                                          "1.25E-3",
                                          "0.1",
                                          "9223372036854775807L"};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        assert_number(numbers[i], true);
}

Test(conf_number, bad)
{
    static const char *const numbers[] = {
        "2147483648", "-2147483649", "00",     "01",  "-01",
        "00.5",       "0xffffffff",  "0x",     "0xg", "-0x1",
        "+0x1",       "1.2.3",       ".",      "-",   "9223372036854775808L",
        "1LLL",       "1l",          "2s",     "1e",  "1e+",
        "1e400",      "1_0",         "1e-400", "--1", "1.5L",
        "0x1L1",
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        assert_number(numbers[i], false);
}

static double libconfig_reads(const char *number)
{
    config_t config;
    char text[64];
    const config_setting_t *setting;
    double value;

    config_init(&config);
    snprintf(text, sizeof(text), "a = %s;", number);
    cr_assert(config_read_string(&config, text), "%s", text);
    setting = config_lookup(&config, "a");
    value = config_setting_type(setting) == CONFIG_TYPE_FLOAT   ? config_setting_get_float(setting)
            : config_setting_type(setting) == CONFIG_TYPE_INT64 ? (double)config_setting_get_int64(setting)
                                                                : config_setting_get_int(setting);
    config_destroy(&config);
    return value;
}

/* What the scan lets through, libconfig reads as C does. */
Test(conf_number, random_numbers_are_read_as_written)
{
    static const char bytes[] = "00123456789.e-xL";
    unsigned seed = 20261122;
    unsigned good = 0;

    for (int round = 0; round < 200000; round++) {
        char number[16];
        size_t length = 1 + (size_t)rand_r(&seed) % 13;
        bool is_number;

        for (size_t i = 0; i < length; i++)
            number[i] = bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
        number[length] = '\0';
        if (conf_lex_number(number, length, &is_number))
            continue;
        good++;
        cr_assert_eq(libconfig_reads(number), strtod(number, NULL), "%s", number);
    }
    cr_assert_gt(good, 1000);
}

/* A text that the scan takes is one that libconfig takes, but for arrays of mixed types. */
Test(conf_scan, random_texts_that_pass_are_parsed)
{
    static const char *const pieces[] = {"a",    "b",   "=",  ":",   ";",     ",",     "{",         "}", "(",
                                         ")",    "1",   "\"", "\\",  "true",  "# x\n", "/* y */",   " ", "\n",
                                         "a=1;", "b={", "};", "1.5", "\"s\"", "\\n",   "c = \"t\";"};
    unsigned seed = 20261122;
    unsigned good = 0;

    for (int round = 0; round < 100000; round++) {
        char text[256] = "";
        config_t config;

        for (int i = rand_r(&seed) % 12; i > 0; i--)
            strcat(text, pieces[(size_t)rand_r(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
        strcat(text, "\n");
        if (scanned(text, strlen(text)) < 0 || report.errors)
            continue;
        good++;
        config_init(&config);
        cr_assert(config_read_string(&config, text), "%s", text);
        config_destroy(&config);
    }
    cr_assert_gt(good, 1000);
}

Test(conf_token, random_bytes_end)
{
    unsigned seed = 20261122;

    for (int round = 0; round < 20000; round++) {
        char text[40];
        struct conf_lexer lexer = {text, text + rand_r(&seed) % (int)sizeof(text), 1};
        int tokens = 0;

        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = "a1\"\\/*#\n=;{}. @"[(size_t)rand_r(&seed) % 16];
        while (conf_lex_next(&lexer).kind != CONF_TOKEN_END)
            cr_assert_lt(tokens++, (int)sizeof(text));
    }
}
