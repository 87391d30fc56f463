/* SPDX-License-Identifier: MIT */
/* load_report: the data of a load that writers print. */
#ifndef SOCKGREET_LOAD_REPORT_H
#define SOCKGREET_LOAD_REPORT_H

#include "client/ask/target.h"
#include "client/load/engine.h"
#include "client/load/limit.h"
#include "client/load/plan.h"

#include <stdbool.h>
#include <stddef.h>

#define LOAD_REPORT_BUSY 0.9 /* of a processor: if a thread uses more, the client may be the bottleneck */

struct load_report {
    const struct target_list *targets;
    const struct load_plan *plan;
    const struct limit *limits;
    size_t limit_count;
    const struct engine_result *result; /* NULL before the end */
};

/* Whether the client may have limited the result: a thread used almost all of a processor, or many requests
 * of an open loop started late. */
bool load_report_is_limit(const struct load_report *report);

/* Answers a second. */
double load_report_rate(const struct load_report *report);

/* The latency that a share of the answers did not exceed, in milliseconds. */
double load_report_quantile_ms(const struct load_report *report, double share);

#endif
