/* SPDX-License-Identifier: MIT */
/* ledger: what was counted for each listener, by its name and transport, over all generations: a reload
 * numbers listeners anew. A listener that is gone keeps its counters, as long as there is room. */
#ifndef SOCKGREET_LEDGER_H
#define SOCKGREET_LEDGER_H

#include "conf/conf.h"
#include "service/metrics.h"

struct ledger_row {
    struct metrics_listener ended; /* without a name: free. Counts what generations that have ended did */
    struct tally sum;              /* with what the others did, see ledger_begin_sum() */
    unsigned generations;          /* that have this listener; 0: it is gone */
    uint64_t left;                 /* when, in order */
};

struct ledger {
    struct ledger_row *rows; /* the first is for what there is no room for */
    size_t count;
    uint64_t departures;
};

/* Returns 0 or -ENOMEM; close in any case. */
int ledger_open(struct ledger *ledger);
void ledger_close(struct ledger *ledger);

/* A generation has the listeners of this configuration: notes the row of each. They stay theirs until it
 * leaves. */
void ledger_join(struct ledger *ledger, const struct conf *conf, uint16_t *rows);
void ledger_leave(struct ledger *ledger, const uint16_t *rows, size_t count);

/* Adds what a generation that has ended counted for a listener. */
void ledger_add(struct ledger *ledger, uint16_t row, const struct tally *clients);

/* Begins the sums with what has ended; the caller adds to them what is counted still. */
void ledger_begin_sum(const struct ledger *ledger);
struct tally *ledger_sum(const struct ledger *ledger, uint16_t row);

/* Writes the sums of all listeners that have or had clients, or may have some. Returns how many there are, at
 * most METRICS_LISTENERS. */
size_t ledger_list(const struct ledger *ledger, struct metrics_listener *listeners);

#endif
