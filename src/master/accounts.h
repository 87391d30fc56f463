/* SPDX-License-Identifier: MIT */
/* accounts: what generations that have ended counted, settled: nothing in it is half-counted any more. */
#ifndef SOCKGREET_ACCOUNTS_H
#define SOCKGREET_ACCOUNTS_H

#include "base/totals.h"
#include "master/generation.h"
#include "master/ledger.h"

struct accounts {
    struct ledger ledger; /* by listener, and of those that generations have still */
    struct totals totals;
    uint64_t written;  /* log records */
    unsigned restarts; /* of workers */
};

/* A generation has ended, and its memory is about to be freed. What its killed workers left half-counted is
 * counted, and said. */
void accounts_keep(struct accounts *accounts, const struct generation *generation);

/* At the end: logs the counts that no worker has lived to log. */
void accounts_report_rest(struct shared_service *service);

#endif
