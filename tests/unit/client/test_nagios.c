/* SPDX-License-Identifier: MIT */
#include "client/nagios.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct nagios_range range_of(const char *text)
{
    struct nagios_range range;
    struct message error = {""};

    cr_assert_eq(nagios_range_parse(&range, text, &error), 0, "%s", error.text);
    return range;
}

/* Which of -11, -10, 0, 5, 10, 15, 20 and 21 alert, as ones and zeros. */
static void expect_alerts(const char *text, const char *expected)
{
    static const double values[] = {-11, -10, 0, 5, 10, 15, 20, 21};
    struct nagios_range range = range_of(text);
    char alerts[9] = "";

    for (size_t i = 0; i < 8; i++)
        alerts[i] = nagios_range_alerts(&range, values[i]) ? '1' : '0';
    cr_assert_str_eq(alerts, expected, "%s: %s", text, alerts);
}

static void expect_error(const char *text, const char *expected)
{
    struct nagios_range range;
    struct message error = {""};

    cr_assert_eq(nagios_range_parse(&range, text, &error), -1, "%s", text);
    cr_assert(strstr(error.text, expected), "%s", error.text);
}

Test(nagios, the_ranges_of_the_guidelines)
{
    expect_alerts("10", "11000111");
    expect_alerts("10:", "11110000");
    expect_alerts("~:10", "00000111");
    expect_alerts("10:20", "11110001");
    expect_alerts("@10:20", "00001110");
}

Test(nagios, other_ranges)
{
    expect_alerts("0", "11011111");
    expect_alerts("-10:20", "10000001");
    expect_alerts("-10:-10", "10111111");
    expect_alerts("~:", "00000000");
    expect_alerts("@~:", "11111111");
    expect_alerts("@10", "00111000");
    expect_alerts("@~:-10", "11000000");
    expect_alerts("4.9:5.1", "11101111");
    expect_alerts(".5:5.", "11101111");
}

Test(nagios, what_is_not_a_range)
{
    static const char *const texts[] = {"",     "@",   ":",   "~",   "10:~",  ":10",  "1:2:3", "1e3",
                                        "0x10", "inf", "10 ", " 10", "1,5",   "10:@", "@@1",   "-",
                                        ".",    "-.",  "+1",  "1:x", "~1:10", "1s",   "10:20s"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_error(texts[i], "is not a range; allowed: END, START:, START:END or ~:END");
    expect_error("20:10", "'20:10' is not a range: its start is greater than its end");
    expect_error("-1", "its start is greater than its end");
}

Test(nagios, critical_before_warning)
{
    struct nagios_range warning = range_of("5"), critical = range_of("10");
    struct nagios_value value = {.value = 4, .warning = &warning, .critical = &critical};

    cr_assert_eq(nagios_judge(&value), NAGIOS_OK);
    value.value = 6;
    cr_assert_eq(nagios_judge(&value), NAGIOS_WARNING);
    value.value = 11;
    cr_assert_eq(nagios_judge(&value), NAGIOS_CRITICAL);
    value.critical = NULL;
    cr_assert_eq(nagios_judge(&value), NAGIOS_WARNING);
    value.warning = NULL;
    cr_assert_eq(nagios_judge(&value), NAGIOS_OK);
    value.value = NAN;
    cr_assert_eq(nagios_judge(&value), NAGIOS_UNKNOWN);
}

static void expect_line(enum nagios_state state, const char *text, const struct nagios_value *values,
                        size_t count, const char *expected)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);

    cr_assert(out);
    nagios_print(out, state, text, values, count);
    cr_assert_eq(fclose(out), 0);
    cr_assert_str_eq(line, expected);
    free(line);
}

Test(nagios, the_line)
{
    struct nagios_range warning = range_of("0.5"), critical = range_of("@~:1");
    struct nagios_value values[] = {
        {.label = "time",
         .value = 0.0012,
         .unit = "s",
         .warning = &warning,
         .critical = &critical,
         .min = 0,
         .max = 10},
        {.label = "answers", .value = 3, .unit = "", .min = 0, .max = NAN},
        {.label = "loss", .value = 0, .unit = "%", .min = NAN, .max = NAN},
    };

    expect_line(NAGIOS_OK, "web-1", NULL, 0, "SOCKGREET OK - web-1\n");
    expect_line(NAGIOS_OK, "web-1", values, 3,
                "SOCKGREET OK - web-1|'time'=0.0012s;0.5;@~:1;0;10 'answers'=3;;;0 'loss'=0%\n");
    values[0].value = NAN;
    expect_line(NAGIOS_CRITICAL, "timeout", values, 1,
                "SOCKGREET CRITICAL - timeout|'time'=U;0.5;@~:1;0;10\n");
    expect_line(NAGIOS_UNKNOWN, "", NULL, 0, "SOCKGREET UNKNOWN - \n");
    expect_line(NAGIOS_WARNING, "a", NULL, 0, "SOCKGREET WARNING - a\n");
}

Test(nagios, nothing_in_the_text_or_the_label_splits_the_line)
{
    struct nagios_value value = {.label = "it's a=b", .value = 1, .unit = "", .min = NAN, .max = NAN};

    setlocale(LC_CTYPE, "C");
    expect_line(NAGIOS_OK, "a|b\nc\t'\"\x1b", &value, 1,
                "SOCKGREET OK - a\\x7cb\\nc\\t'\"\\x1b|'it''s a_b'=1\n");
}
