/* SPDX-License-Identifier: MIT */
/* limit: a condition on the result of a load (--fail): "p99<5ms", "errors<0.1%". */
#ifndef SOCKGREET_LIMIT_H
#define SOCKGREET_LIMIT_H

#include "base/message.h"
#include "client/load/engine.h"

#include <stdbool.h>

enum limit_metric {
    LIMIT_MIN,
    LIMIT_AVG,
    LIMIT_MAX,
    LIMIT_QUANTILE, /* p50, p99.9 */
    LIMIT_RATE,     /* answered a second */
    LIMIT_REQUESTS,
    LIMIT_ANSWERED,
    LIMIT_ERRORS,
    LIMIT_LATE
};

struct limit {
    const char *text; /* as given */
    enum limit_metric metric;
    double share;  /* of a quantile, 0 to 1 */
    bool less;     /* the metric must be less than the value; otherwise greater */
    bool or_equal; /* or equal to it */
    bool percent;  /* of all requests */
    double value;  /* in nanoseconds, per second, a number, or in percent */
};

/* Reads METRIC OPERATOR VALUE. Returns false if it is something else. The text must outlive the limit. */
bool limit_parse(struct limit *limit, const char *text);

/* What limit_parse() accepts, for messages. */
extern const char limit_syntax[];

/* The value of the metric; false if there is none, such as a latency without answers. */
bool limit_measure(const struct limit *limit, const struct engine_result *result, double *value);

/* Whether the result keeps the limit; false if the metric has no value. */
bool limit_is_kept(const struct limit *limit, const struct engine_result *result);

/* The value of the metric with its unit: "7.31 ms", "0.5 %"; "no answers". */
void limit_describe(const struct limit *limit, const struct engine_result *result, struct message *text);

#endif
