/* SPDX-License-Identifier: MIT */
/* accounts: the final counts of generations that have ended. Every client in them is counted completely. */
#ifndef SOCKGREET_ACCOUNTS_H
#define SOCKGREET_ACCOUNTS_H

#include "base/totals.h"
#include "master/generation.h"
#include "master/ledger.h"

struct accounts {
    struct ledger ledger; /* by listener; also those of the generations that still exist */
    struct totals totals;
    uint64_t written;  /* log records */
    unsigned restarts; /* of workers */
};

/* Adds the counts of a generation that has ended, before its memory is freed. Completes and logs what its
 * killed workers left half-counted. */
void accounts_keep(struct accounts *accounts, const struct generation *generation);

/* At the end of the service: logs the counts that no worker has logged. */
void accounts_report_rest(struct shared_service *service);

#endif
