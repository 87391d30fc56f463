/* SPDX-License-Identifier: MIT */
#include "client/nagios.h"

#include "base/util.h"
#include "client/decimal.h"
#include "client/safe_text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define TEXT_MAX 1024 /* bytes of the text; monitors keep a few thousand of the line */

static const char *word_of(enum nagios_state state)
{
    static const char *const words[NAGIOS_STATES] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

    return words[state];
}

/* Reads the number at *at and moves on; false if there is none. */
static bool read_number(const char **at, double *number)
{
    bool is_negative = **at == '-';
    size_t length = decimal_read(*at + is_negative, number);

    if (length == 0)
        return false;
    if (is_negative)
        *number = -*number;
    *at += is_negative + length;
    return true;
}

/* The start, with its colon. */
static bool read_start(const char **at, double *start)
{
    if (strncmp(*at, "~:", 2) == 0)
        *start = -INFINITY;
    else if (!read_number(at, start) || **at != ':')
        return false;
    *at = strchr(*at, ':') + 1;
    return true;
}

static bool read_range(struct nagios_range *range, const char *at)
{
    range->start = 0;
    range->end = INFINITY;
    range->inside = *at == '@';
    at += range->inside;
    if (strchr(at, ':')) {
        if (!read_start(&at, &range->start))
            return false;
        if (*at == '\0')
            return true;
    }
    return read_number(&at, &range->end) && *at == '\0';
}

int nagios_range_parse(struct nagios_range *range, const char *text, struct message *error)
{
    range->text = text;
    if (!read_range(range, text))
        return message_set(
            error,
            "'%s' is not a range; allowed: END, START:, START:END or ~:END, after @ to alert inside it",
            text);
    if (range->start > range->end)
        return message_set(error, "'%s' is not a range: its start is greater than its end", text);
    return 0;
}

bool nagios_range_alerts(const struct nagios_range *range, double value)
{
    bool within = value >= range->start && value <= range->end;

    return within == range->inside;
}

enum nagios_state nagios_judge(const struct nagios_value *value)
{
    if (isnan(value->value))
        return NAGIOS_UNKNOWN;
    if (value->critical && nagios_range_alerts(value->critical, value->value))
        return NAGIOS_CRITICAL;
    if (value->warning && nagios_range_alerts(value->warning, value->value))
        return NAGIOS_WARNING;
    return NAGIOS_OK;
}

static void print_text(FILE *out, const char *text)
{
    char safe[TEXT_MAX];

    safe_text_line(safe, sizeof(safe), SIZE_MAX, text, strlen(text));
    for (const char *at = safe; *at; at++)
        if (*at == '|')
            fputs("\\x7c", out);
        else
            fputc(*at, out);
}

/* A quote is doubled; an equals sign cannot be in a label. */
static void print_label(FILE *out, const char *label)
{
    fputc('\'', out);
    for (; *label; label++) {
        if (*label == '\'')
            fputc('\'', out);
        fputc(*label == '=' ? '_' : *label, out);
    }
    fputc('\'', out);
}

static const char *range_text(const struct nagios_range *range)
{
    return range ? range->text : "";
}

/* Missing fields are empty, and left out at the end. */
static void print_value(FILE *out, const struct nagios_value *value)
{
    char number[DECIMAL_MAX], min[DECIMAL_MAX], max[DECIMAL_MAX];
    const char *const fields[] = {range_text(value->warning), range_text(value->critical),
                                  isnan(value->min) ? "" : decimal_text(min, value->min, 6),
                                  isnan(value->max) ? "" : decimal_text(max, value->max, 6)};
    size_t count = ARRAY_SIZE(fields);

    while (count > 0 && !*fields[count - 1])
        count--;
    print_label(out, value->label);
    if (isnan(value->value))
        fputs("=U", out);
    else
        fprintf(out, "=%s%s", decimal_text(number, value->value, 6), value->unit);
    for (size_t i = 0; i < count; i++)
        fprintf(out, ";%s", fields[i]);
}

void nagios_print(FILE *out, enum nagios_state state, const char *text, const struct nagios_value *values,
                  size_t count)
{
    fprintf(out, "SOCKGREET %s - ", word_of(state));
    print_text(out, text);
    for (size_t i = 0; i < count; i++) {
        fputc(i ? ' ' : '|', out);
        print_value(out, &values[i]);
    }
    fputc('\n', out);
}
