/* SPDX-License-Identifier: MIT */
/* statistics: how many requests were sent, how they ended, and how long the answers took. */
#ifndef SOCKGREET_STATISTICS_H
#define SOCKGREET_STATISTICS_H

#include "client/ask/outcome.h"
#include "client/histogram.h"

#include <stdint.h>

#define STATISTICS_PERCENT_MAX 16 /* bytes of a percentage as text, with the end */

/* All zero to begin with. Requests that were sent and are in neither count below are outstanding. */
struct statistics {
    uint64_t sent;
    uint64_t answered;
    uint64_t losses[OUTCOME_COUNT]; /* by class; OUTCOME_ANSWERED is not one */
    struct histogram times;         /* of the answers */
    double average_ns;
    double squares; /* sum of the squared distances to the average */
};

/* Times of answers in milliseconds; all 0 while there are none. */
struct statistics_times {
    double min, avg, max;
    double mdev; /* standard deviation, under the name that ping gives it */
    double p50, p90, p99;
};

/* Counts a request that is sent. */
void statistics_add_sent(struct statistics *statistics);

/* Corrects the count for a request that could not be sent. */
void statistics_remove_sent(struct statistics *statistics);

/* Counts the answer to a request that was sent, which took ns nanoseconds. */
void statistics_add_answer(struct statistics *statistics, int64_t ns);

/* Counts that a request that was sent ended without an answer, or not with the expected one. */
void statistics_add_loss(struct statistics *statistics, enum outcome outcome);

/* Losses of all classes. */
uint64_t statistics_lost(const struct statistics *statistics);

/* Requests that were sent and have not ended. */
uint64_t statistics_outstanding(const struct statistics *statistics);

struct statistics_times statistics_times(const struct statistics *statistics);

/* Writes part of whole as "2.5 %" and returns text. "0 %" is exactly none and "100 %" exactly all: what would
 * round to them is "<0.01 %" or ">99.99 %". 0 of 0 is "0 %". */
const char *statistics_percent(char text[STATISTICS_PERCENT_MAX], uint64_t part, uint64_t whole);

/* The same for losses among the requests that ended: outstanding ones may still be answered. */
const char *statistics_loss_percent(char text[STATISTICS_PERCENT_MAX], const struct statistics *statistics);

#endif
