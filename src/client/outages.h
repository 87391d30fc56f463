/* SPDX-License-Identifier: MIT */
/* outages: changes from one result of a target to the next, and periods without an answer. */
#ifndef SOCKGREET_OUTAGES_H
#define SOCKGREET_OUTAGES_H

#include "base/address.h"
#include "client/ask/outcome.h"
#include "client/who.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTAGES_MAX 1000 /* kept, the first ones; of others only number and total length */

enum outages_change {
    OUTAGES_FIRST = 1 << 0,   /* the first result */
    OUTAGES_DOWN = 1 << 1,    /* an outage begins */
    OUTAGES_UP = 1 << 2,      /* an outage ends */
    OUTAGES_CLASS = 1 << 3,   /* the outage continues, with losses of another class */
    OUTAGES_WHO = 1 << 4,     /* another server answers than before */
    OUTAGES_ADDRESS = 1 << 5, /* another address answers than before */
};

/* The server that answered; all zero: none. */
struct outages_answerer {
    char who[WHO_MAX];   /* "": without a name */
    struct address peer; /* length 0: none */
};

/* Times are of the monotonic clock: when requests were sent. */
struct outage {
    int64_t from_ns;                /* the first request that was lost */
    int64_t to_ns;                  /* the first request after it that was answered; 0: none yet */
    unsigned long sequence;         /* of the first request that was lost */
    uint64_t lost;                  /* number of requests */
    uint64_t losses[OUTCOME_COUNT]; /* the same, by class */
    struct outages_answerer before; /* that answered last before it */
    struct outages_answerer after;  /* that answered first after it */
};

/* The parts of a result that are needed here. */
struct outages_result {
    unsigned long sequence;
    int64_t sent_ns;
    enum outcome outcome;
    const char *who; /* this and the next: of an answer */
    struct address peer;
};

/* All zero to begin with. */
struct outages {
    int64_t first_ns; /* when the first request was sent that has a result; 0: no result */
    bool is_down;
    enum outcome outcome;           /* of the last result */
    enum outcome outcome_before;    /* of the result before that */
    struct outage current;          /* the current outage or, if it is over, the last one */
    struct outages_answerer last;   /* of the last answer */
    struct outages_answerer before; /* the same, before the last result */

    struct outage *list; /* outages that are over */
    size_t count;        /* in the list */
    uint64_t not_kept;
    int64_t total_ns; /* of those that are over */
};

/* Adds the next result, in the order of sequence numbers. Returns what has changed, as enum outages_change.
 */
unsigned outages_add(struct outages *outages, const struct outages_result *result);

/* Nanoseconds from the first lost request to the first answered one, or to now_ns. */
int64_t outage_length(const struct outage *outage, int64_t now_ns);

/* Number and total length in nanoseconds of all outages, including one that is not over until now_ns. */
uint64_t outages_number(const struct outages *outages);
int64_t outages_total(const struct outages *outages, int64_t now_ns);

void outages_free(struct outages *outages);

#endif
