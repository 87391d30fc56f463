/* SPDX-License-Identifier: MIT */
/* report: the interface of writers, which print the results of requests; a run has one. */
#ifndef SOCKGREET_REPORT_H
#define SOCKGREET_REPORT_H

#include "client/ask/request.h"
#include "client/result.h"
#include "client/visit.h"

#include <stdint.h>
#include <stdio.h>

/* Any function may be NULL. */
struct report_ops {
    /* The name of a target was looked up, or this failed; also when its addresses change. */
    void (*looked_up)(void *report, const struct visit *visit);
    void (*step)(void *report, const struct request *request, const struct attempt *attempt,
                 enum request_step step);
    /* The next request is due, and this one has no answer yet. */
    void (*outstanding)(void *report, const struct request *request);
    void (*ended)(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result);
    /* Statistics so far, during the run. */
    void (*interim)(void *report, const struct visit *visit, int64_t run_ns);
    /* At the end of the run; may be called again with another out. */
    void (*summary)(void *report, FILE *out, const struct visit *visit, int64_t run_ns);
};

struct report {
    const struct report_ops *ops;
    void *context;
};

#endif
