/* SPDX-License-Identifier: MIT */
/* rates: events per second of a service, between two samples. */
#ifndef SOCKGREET_CTL_RATES_H
#define SOCKGREET_CTL_RATES_H

#include "ctl/sample.h"

#include <stddef.h>

#define RATES_UNKNOWN (-1.0) /* there is no sample to compare with */

/* A listener with all its addresses. */
struct rates_listener {
    const char *name, *transport;
    const char *endpoint; /* its first address */
    const char *trouble;  /* of the first address that is down; "": all are up */
    unsigned addresses;
    long long connections;
    double greetings, refusals;
};

struct rates_worker {
    long long generation, number, pid, restarts;
    const char *state, *last_exit;
    double clients; /* including those that were refused */
};

struct rates {
    long long connections;
    double greetings, refusals, bytes;
    struct rates_listener *listeners; /* in the order of the answer */
    size_t listener_count;
    struct rates_worker *workers;
    size_t worker_count;
};

/* Compares two samples; before is NULL if there is none. Rates are never negative: a count that is lower than
 * before has restarted. The texts are those of now, which must live as long as rates. */
void rates_compute(struct rates *rates, const struct sample *before, const struct sample *now);
void rates_free(struct rates *rates);

#endif
