/* SPDX-License-Identifier: MIT */
/* report: what a writer of the results of requests can do; a run has one. */
#ifndef SOCKGREET_REPORT_H
#define SOCKGREET_REPORT_H

#include "client/ask/request.h"
#include "client/result.h"
#include "client/visit.h"

#include <stdint.h>
#include <stdio.h>

/* A function that is NULL has nothing to say. */
struct report_ops {
    /* A target's name was looked up; also when the addresses changed, or there are none. */
    void (*looked_up)(void *report, const struct visit *visit);
    void (*step)(void *report, const struct request *request, const struct attempt *attempt,
                 enum request_step step);
    /* The next request is due, and this one has no answer yet. */
    void (*outstanding)(void *report, const struct request *request);
    void (*ended)(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result);
    /* Where things stand, while the run goes on. */
    void (*interim)(void *report, const struct visit *visit, int64_t run_ns);
    /* At the end of a run of so many nanoseconds: may be called again, with another out. */
    void (*summary)(void *report, FILE *out, const struct visit *visit, int64_t run_ns);
};

struct report {
    const struct report_ops *ops;
    void *context;
};

#endif
