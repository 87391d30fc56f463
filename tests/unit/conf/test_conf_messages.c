/* SPDX-License-Identifier: MIT */
#include "conf/conf_messages.h"

#include <criterion/criterion.h>
#include <string.h>

static struct conf_report report;

static struct conf_messages *copy(void)
{
    struct conf_messages *messages = conf_messages_copy(&report);

    cr_assert_not_null(messages);
    return messages;
}

static const char *errors(const struct conf_messages *messages, char *text, size_t size)
{
    memset(text, '?', size);
    conf_messages_errors(messages, text, size);
    return text;
}

/* A greeting with ": warning: " in it was taken for a warning, so that a reload was refused without a reason.
 */
Test(conf_messages, a_level_is_not_found_in_the_text)
{
    struct conf_messages *messages;
    char text[256];

    conf_report_open(&report, "a: warning: b.conf");
    conf_error(&report, 1, "greeting", "unknown variable ${x: warning: y}");
    conf_warning(&report, 2, "user", "is odd");
    messages = copy();
    cr_assert_eq(messages->count, 2);
    cr_assert_eq(messages->list[0].level, CONF_ERROR);
    cr_assert_str_eq(messages->list[0].place, "a: warning: b.conf:1: greeting: ");
    cr_assert_str_eq(messages->list[0].what, "unknown variable ${x: warning: y}");
    cr_assert_eq(messages->list[1].level, CONF_WARNING);
    cr_assert_str_eq(messages->list[1].what, "is odd");
    cr_assert_str_eq(errors(messages, text, sizeof(text)),
                     "a: warning: b.conf:1: greeting: unknown variable ${x: warning: y}");
    conf_messages_free(messages);
}

Test(conf_messages, errors_are_lines_and_bounded)
{
    struct conf_messages *messages;
    char text[32];

    conf_report_open(&report, "f");
    conf_warning(&report, 1, "a", "is odd");
    conf_error(&report, 2, "b", "is wrong");
    conf_error(&report, 3, "c", "is wrong too");
    messages = copy();
    cr_assert_str_eq(errors(messages, text, sizeof(text)), "f:2: b: is wrong\nf:3: c: is wro");
    cr_assert_str_eq(errors(messages, text, 5), "f:2:");
    conf_messages_free(messages);
    cr_assert_str_eq(errors(NULL, text, sizeof(text)), "");
}

/* That something was left out is an error only if an error was. */
Test(conf_messages, what_was_left_out_has_the_level_of_the_worst)
{
    for (unsigned worst = 0; worst < 2; worst++) {
        struct conf_messages *messages;

        conf_report_open(&report, "f");
        for (unsigned i = 1; i <= CONF_MESSAGES + 2; i++)
            conf_warning(&report, i, "a", "is odd");
        if (worst)
            conf_error(&report, 1, "a", "is wrong");
        messages = copy();
        cr_assert_eq(messages->count, CONF_MESSAGES + 1);
        cr_assert_eq(messages->list[CONF_MESSAGES].level, worst ? CONF_ERROR : CONF_WARNING);
        cr_assert_str_eq(messages->list[CONF_MESSAGES].what, worst ? "... and 3 more" : "... and 2 more");
        conf_messages_free(messages);
    }
}

/* The report lies in memory that a loader may have crashed over. */
Test(conf_messages, entries_that_point_elsewhere_are_left_out)
{
    struct conf_messages *messages;

    conf_report_open(&report, "f");
    for (unsigned i = 1; i <= 5; i++)
        conf_error(&report, i, "a", "is wrong");
    report.entries[0].start = CONF_REPORT_MAX;
    report.entries[1].length = CONF_REPORT_MAX;
    report.entries[2].place = report.entries[2].length + 1;
    report.entries[3].start = CONF_REPORT_MAX - 1;
    messages = copy();
    cr_assert_eq(messages->count, 1);
    cr_assert_str_eq(messages->list[0].place, "f:5: a: ");
    conf_messages_free(messages);
    report.count = ~0u;
    conf_messages_free(copy());
}

Test(conf_messages, one_error)
{
    struct conf_messages *messages = conf_messages_error("the loader: ", "is missing");
    char text[64];

    cr_assert_not_null(messages);
    cr_assert_str_eq(errors(messages, text, sizeof(text)), "the loader: is missing");
    conf_messages_free(messages);
}
