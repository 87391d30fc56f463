/* SPDX-License-Identifier: MIT */
#include "conf/conf_messages.h"
#include "conf/conf_report.h"

#include <criterion/criterion.h>
#include <string.h>

static struct conf_report report;

/* The messages as they are printed, until the next call. */
static const char *printed(void)
{
    static char text[2 * CONF_REPORT_MAX];
    struct conf_messages *messages = conf_messages_copy(&report);
    FILE *out = fmemopen(text, sizeof(text), "w");

    cr_assert_not_null(messages);
    conf_messages_print(messages, out);
    fclose(out);
    conf_messages_free(messages);
    return text;
}

Test(conf_report, too_many_messages_are_counted)
{
    conf_report_open(&report, "f");
    for (unsigned i = 1; i <= 5000; i++)
        conf_error(&report, i, "a", "is wrong in a way that takes some room in the report");
    cr_assert_eq(report.errors, 5000);
    cr_assert_gt(report.omitted, 0);
    cr_assert_lt(report.used, sizeof(report.text));
    cr_assert_eq(report.text[report.used - 1], '\n');
}

Test(conf_report, only_the_first_error_of_a_setting_is_kept)
{
    conf_report_open(&report, "f");
    conf_warning(&report, 1, "a", "is odd");
    conf_error(&report, 1, "a", "is wrong");
    conf_error(&report, 1, "a", "is wrong in another way");
    conf_error(&report, 11, "a", "is wrong elsewhere");
    conf_error(&report, 0, "b", "is no line");
    cr_assert_str_eq(
        printed(), "f:1: a: warning: is odd\nf:1: a: is wrong\nf:11: a: is wrong elsewhere\nb: is no line\n");
}

Test(conf_report, errors_that_belong_together_are_kept_or_left_out_together)
{
    static const struct message errors[] = {{"is wrong"}, {"is wrong in another way"}};

    conf_report_open(&report, "f");
    conf_errors(&report, 1, "a", errors, 2);
    conf_error(&report, 2, "a", "is no text");
    conf_errors(&report, 2, "a", errors, 2);
    cr_assert_str_eq(printed(), "f:1: a: is wrong\nf:1: a: is wrong in another way\nf:2: a: is no text\n");
    cr_assert_eq(report.errors, 5);
}

Test(conf_report, each_message_names_the_file_of_its_place)
{
    const struct conf_place first = {"f", 1}, second = {"g\n", 1}, nowhere = {0};

    conf_report_open(&report, "f");
    conf_error(&report, conf_report_line(&report, first), "a", "is wrong");
    conf_error(&report, conf_report_line(&report, second), "a", "is set twice, first in %s",
               conf_report_place(first).text);
    conf_error(&report, conf_report_line(&report, nowhere), "a", "is not set");
    conf_error(&report, conf_report_line(&report, first), "b", "is set twice, first in %s",
               conf_report_place(second).text);
    cr_assert_str_eq(printed(), "f:1: a: is wrong\ng\\n:1: a: is set twice, first in f:1\na: is not set\n"
                                "f:1: b: is set twice, first in g\\n:1\n");
}

Test(conf_report, quotes_are_safe_and_short)
{
    char text[200];

    cr_assert_str_eq(conf_quote("a\x1b\n").text, "\"a\\x1b\\n\"");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    cr_assert_str_eq(conf_quote(text).text + 60, "xxxxxxx...\"");
    cr_assert_eq(strlen(conf_quote(text).text), 71);
}
