/* SPDX-License-Identifier: MIT */
/* limit: what the result of a load must not be, or must be (--fail): "p99<5ms", "errors<0.1%". */
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
    double value;  /* nanoseconds, a second, a number, percent */
};

/* Reads METRIC OPERATOR VALUE. Returns false if it is something else. The text must live as long as the
 * limit. */
bool limit_parse(struct limit *limit, const char *text);

/* What limit_parse takes, for messages. */
extern const char limit_syntax[];

/* What the metric came to; false if there is none, as of a latency where nothing was answered. */
bool limit_measure(const struct limit *limit, const struct engine_result *result, double *value);

/* Whether the result keeps the limit. What cannot be measured does not. */
bool limit_is_kept(const struct limit *limit, const struct engine_result *result);

/* What the metric came to, with its unit: "7.31 ms", "0.5 %"; "nothing was answered". */
void limit_describe(const struct limit *limit, const struct engine_result *result, struct message *text);

#endif
