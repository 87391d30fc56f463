/* SPDX-License-Identifier: MIT */
#include "client/load/limit.h"

#include "base/ascii.h"
#include "base/util.h"
#include "client/decimal.h"

#include <string.h>

const char limit_syntax[] =
    "min, avg, max, p50, p99.9, rate, requests, answered, errors or late, then <, <=, > or >=, "
    "then a time (5ms), a number or a percentage (1%)";

enum kind { KIND_TIME, KIND_NUMBER, KIND_COUNT /* or a share */ };

static enum kind kind_of(enum limit_metric metric)
{
    if (metric <= LIMIT_QUANTILE)
        return KIND_TIME;
    return metric == LIMIT_RATE ? KIND_NUMBER : KIND_COUNT;
}

/* Reads a number that begins with a digit. Returns its length; 0: not a number. */
static size_t read_number(const char *text, double *number)
{
    return ascii_is_digit(text[0]) ? decimal_read(text, number) : 0;
}

/* "p99.9<": more than 0 and less than 100. */
static size_t read_quantile(struct limit *limit, const char *text)
{
    size_t length = text[0] == 'p' ? read_number(text + 1, &limit->share) : 0;

    limit->metric = LIMIT_QUANTILE;
    limit->share /= 100;
    return length && limit->share > 0 && limit->share < 1 ? 1 + length : 0;
}

static size_t read_metric(struct limit *limit, const char *text)
{
    static const struct {
        const char *name;
        enum limit_metric metric;
    } metrics[] = {
        {"min", LIMIT_MIN},       {"avg", LIMIT_AVG},           {"max", LIMIT_MAX},
        {"rate", LIMIT_RATE},     {"requests", LIMIT_REQUESTS}, {"answered", LIMIT_ANSWERED},
        {"errors", LIMIT_ERRORS}, {"late", LIMIT_LATE},
    };
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");

    for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
        if (strlen(metrics[i].name) == length && strncmp(text, metrics[i].name, length) == 0) {
            limit->metric = metrics[i].metric;
            return length;
        }
    return read_quantile(limit, text);
}

static size_t read_operator(struct limit *limit, const char *text)
{
    limit->less = text[0] == '<';
    limit->or_equal = (text[0] == '<' || text[0] == '>') && text[1] == '=';
    if (text[0] != '<' && text[0] != '>')
        return 0;
    return limit->or_equal ? 2 : 1;
}

static bool read_unit(struct limit *limit, const char *text)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

    limit->percent = kind_of(limit->metric) == KIND_COUNT && strcmp(text, "%") == 0;
    if (kind_of(limit->metric) != KIND_TIME)
        return limit->percent ? limit->value <= 100 : !text[0];
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (strcmp(text, units[i].name) == 0) {
            limit->value *= units[i].ns;
            return true;
        }
    return false;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

bool limit_parse(struct limit *limit, const char *text)
{
    size_t length;

    *limit = (struct limit){.text = text};
    text = skip_blanks(text);
    length = read_metric(limit, text);
    if (length == 0)
        return false;
    text = skip_blanks(text + length);
    length = read_operator(limit, text);
    if (length == 0)
        return false;
    text = skip_blanks(text + length);
    length = read_number(text, &limit->value);
    return length && read_unit(limit, skip_blanks(text + length));
}

static double latency(const struct limit *limit, const struct histogram *histogram)
{
    switch (limit->metric) {
    case LIMIT_MIN:
        return (double)histogram->min_ns;
    case LIMIT_AVG:
        return histogram_mean_ns(histogram);
    case LIMIT_MAX:
        return (double)histogram->max_ns;
    default:
        return (double)histogram_quantile(histogram, limit->share);
    }
}

static double count(const struct limit *limit, const struct engine_result *result)
{
    switch (limit->metric) {
    case LIMIT_REQUESTS:
        return (double)result->started;
    case LIMIT_ANSWERED:
        return (double)result->tally.ended[OUTCOME_ANSWERED];
    case LIMIT_ERRORS:
        return (double)tally_errors(&result->tally);
    default:
        return (double)result->late;
    }
}

bool limit_measure(const struct limit *limit, const struct engine_result *result, double *value)
{
    switch (kind_of(limit->metric)) {
    case KIND_TIME:
        *value = latency(limit, &result->tally.latency);
        return result->tally.latency.count > 0;
    case KIND_NUMBER:
        *value = result->seconds > 0 ? (double)result->tally.ended[OUTCOME_ANSWERED] / result->seconds : 0;
        return true;
    case KIND_COUNT:
        *value = count(limit, result);
        if (limit->percent)
            *value *= 100 / (double)result->started;
        return !limit->percent || result->started > 0;
    }
    return false;
}

bool limit_is_kept(const struct limit *limit, const struct engine_result *result)
{
    double value;

    if (!limit_measure(limit, result, &value))
        return false;
    if (limit->or_equal && value == limit->value)
        return true;
    return limit->less ? value < limit->value : value > limit->value;
}

void limit_describe(const struct limit *limit, const struct engine_result *result, struct message *text)
{
    double value;

    if (!limit_measure(limit, result, &value))
        message_set(text, kind_of(limit->metric) == KIND_TIME ? "no answers" : "no requests");
    else if (kind_of(limit->metric) == KIND_TIME)
        message_set(text, "%.3f ms", value / 1e6);
    else if (limit->percent)
        message_set(text, "%.4g %%", value);
    else
        message_set(text, limit->metric == LIMIT_RATE ? "%.1f" : "%.0f", value);
}
