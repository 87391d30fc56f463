/* SPDX-License-Identifier: MIT */
/* ledger: the counts of each listener over all generations, by name and transport, since a reload renumbers
 * the listeners. A listener that was removed keeps its counters as long as there is room. */
#ifndef SOCKGREET_LEDGER_H
#define SOCKGREET_LEDGER_H

#include "conf/conf.h"
#include "service/metrics.h"

struct ledger_row {
    struct metrics_listener ended; /* counts of generations that have ended; no name: the row is free */
    struct tally sum;              /* of all generations, see ledger_begin_sum() */
    unsigned generations;          /* that have this listener; 0: it was removed */
    uint64_t left;                 /* value of departures when it was removed */
};

struct ledger {
    struct ledger_row *rows; /* the first sums all listeners for which there is no room */
    size_t count;
    uint64_t departures;
};

/* Returns 0 or -ENOMEM; close in any case. */
int ledger_open(struct ledger *ledger);
void ledger_close(struct ledger *ledger);

/* A new generation has the listeners of this configuration: stores the row of each in rows. The rows stay in
 * use until ledger_leave(). */
void ledger_join(struct ledger *ledger, const struct conf *conf, uint16_t *rows);
void ledger_leave(struct ledger *ledger, const uint16_t *rows, size_t count);

/* Adds what a generation that has ended counted for a listener. */
void ledger_add(struct ledger *ledger, uint16_t row, const struct tally *clients);

/* Sets the sums to the counts of generations that have ended; the caller adds those of the others. */
void ledger_begin_sum(const struct ledger *ledger);
struct tally *ledger_sum(const struct ledger *ledger, uint16_t row);

/* Writes the sums of all listeners that exist or have had clients. Returns how many there are, at most
 * METRICS_LISTENERS. */
size_t ledger_list(const struct ledger *ledger, struct metrics_listener *listeners);

#endif
