/* SPDX-License-Identifier: MIT */
#include "client/report/load_report.h"

#define LATE_LIMIT \
    0.01 /* of all requests of an open loop: if more start late, the client may be the bottleneck */

bool load_report_is_limit(const struct load_report *report)
{
    const struct engine_result *result = report->result;

    return result->busiest > LOAD_REPORT_BUSY * result->seconds ||
           (double)(result->late + result->missed) > LATE_LIMIT * (double)(result->started + result->missed);
}

double load_report_rate(const struct load_report *report)
{
    const struct engine_result *result = report->result;

    return result->seconds > 0 ? (double)result->tally.ended[OUTCOME_ANSWERED] / result->seconds : 0;
}

double load_report_quantile_ms(const struct load_report *report, double share)
{
    return (double)histogram_quantile(&report->result->tally.latency, share) / 1e6;
}
