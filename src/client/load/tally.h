/* SPDX-License-Identifier: MIT */
/* tally: how requests ended, and how long the answers took. */
#ifndef SOCKGREET_TALLY_H
#define SOCKGREET_TALLY_H

#include "client/ask/outcome.h"
#include "client/histogram.h"

#include <stddef.h>
#include <stdint.h>

/* The classes of outcomes, and two of answers that are not the greeting that was expected. */
enum tally_class {
    TALLY_SHORT = OUTCOME_COUNT, /* a clean end, but only the beginning of the greeting */
    TALLY_WRONG,                 /* other bytes than expected, or more of them */
    TALLY_CLASSES
};

struct tally {
    uint64_t ended[TALLY_CLASSES]; /* [OUTCOME_ANSWERED]: answered as expected */
    uint64_t unexpected;           /* datagrams that nobody was waiting for */
    uint64_t unfinished;           /* given up because the run was interrupted */
    int local_error;               /* an errno value of OUTCOME_LOCAL; 0: none */
    int64_t last_ns;               /* of the monotonic clock: when the last request ended */
    struct histogram latency;      /* of those that were answered */
};

/* "ANSWERED", "REFUSED", ..., "SHORT", "WRONG". */
const char *tally_word(unsigned class);

/* The class of an errno value. What this side lacks is OUTCOME_LOCAL: ports, descriptors, memory. */
unsigned tally_class_of(int error);

/* The class of an answer of so many bytes; greeting NULL: any. */
unsigned tally_judge(const char *greeting, size_t greeting_length, const char *bytes, size_t length);

/* Adds all that other holds. */
void tally_merge(struct tally *tally, const struct tally *other);

/* How many failed, of all classes. */
uint64_t tally_errors(const struct tally *tally);

#endif
