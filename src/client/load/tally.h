/* SPDX-License-Identifier: MIT */
/* tally: how requests ended, and how long the answers took. */
#ifndef SOCKGREET_TALLY_H
#define SOCKGREET_TALLY_H

#include "client/ask/outcome.h"
#include "client/histogram.h"

#include <stddef.h>
#include <stdint.h>

/* The classes of outcomes, and two more for answers that are not the expected greeting. */
enum tally_class {
    TALLY_SHORT = OUTCOME_COUNT, /* a clean end, but only the beginning of the greeting */
    TALLY_WRONG,                 /* other bytes than expected, or more of them */
    TALLY_CLASSES
};

struct tally {
    uint64_t ended[TALLY_CLASSES]; /* [OUTCOME_ANSWERED]: answered as expected */
    uint64_t unexpected;           /* datagrams for which no request was waiting */
    uint64_t unfinished;           /* outstanding when the run was interrupted */
    int local_error;               /* an errno value of OUTCOME_LOCAL; 0: none */
    int64_t last_ns;               /* of the monotonic clock: when the last request ended */
    struct histogram latency;      /* of those that were answered */
};

/* "ANSWERED", "REFUSED", ..., "SHORT", "WRONG". */
const char *tally_word(unsigned class);

/* The class of an errno value. OUTCOME_LOCAL: this machine has no port, descriptor or memory left. */
unsigned tally_class_of(int error);

/* The class of an answer of length bytes; greeting NULL: any is as expected. */
unsigned tally_judge(const char *greeting, size_t greeting_length, const char *bytes, size_t length);

/* Adds all counters of other. */
void tally_merge(struct tally *tally, const struct tally *other);

/* The number of failed requests of all classes. */
uint64_t tally_errors(const struct tally *tally);

#endif
