/* SPDX-License-Identifier: MIT */
/* visits: the targets of a run: sends requests to them, and passes each result to the writer, in the order
 * that the run needs. */
#ifndef SOCKGREET_VISITS_H
#define SOCKGREET_VISITS_H

#include "client/ask/loop.h"
#include "client/ask/request.h"
#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/report/report.h"
#include "client/result.h"
#include "client/visit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the caller sets before visits_open(), and what it may read. */
struct visits {
    struct loop *loop;
    const struct cmdline *cmdline;
    struct report report;
    void (*idle)(void *context); /* every request has ended */
    void *context;

    struct visit *list;
    size_t count;
    uint64_t outstanding; /* requests */
    bool broken;          /* a local error, which has been reported */
    size_t turn;          /* without -c: the target whose result is the next to be reported */

    struct request_list open; /* in the order in which they began */
    struct result_settings judging;
    struct request_owner owner;
    char *scratch;
};

/* Returns 0 or -errno; call visits_close() in both cases. The targets must not move. */
int visits_open(struct visits *visits, const struct target_list *targets);

/* Sends a request to every target. */
void visits_ask(struct visits *visits, unsigned long sequence);

/* Reports the outstanding requests of this sequence number to the writer. */
void visits_report_outstanding(const struct visits *visits, unsigned long sequence);

/* At the end: reports the results that were held back for an earlier request. */
void visits_report_held(struct visits *visits);

/* Cancels what is outstanding without reporting it, and frees everything. */
void visits_close(struct visits *visits);

#endif
