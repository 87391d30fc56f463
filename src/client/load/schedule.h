/* SPDX-License-Identifier: MIT */
/* schedule: when the requests of one thread are due.
 *
 * Closed loop: whenever a connection is free. Open loop: at a fixed rate, regardless of the server. Latency
 * then counts from the moment a request was due, so that a server that stalls cannot hide it by slowing down
 * the client (coordinated omission). */
#ifndef SOCKGREET_SCHEDULE_H
#define SOCKGREET_SCHEDULE_H

#include "base/util.h"

#include <stdbool.h>
#include <stdint.h>

/* All times are of the monotonic clock. */
struct schedule {
    int64_t first_ns;
    int64_t stop_ns; /* no request is due from then on */
    double gap_ns;   /* between two requests; 0: closed loop */
    uint64_t limit;  /* requests at most */
    uint64_t started;
    uint64_t late; /* open loop: those that started more than SCHEDULE_LATE_NS after they were due */
};

#define SCHEDULE_LATE_NS  NS_PER_MS
#define SCHEDULE_GRACE_NS NS_PER_S /* after the stop, to start requests that were due before it */

/* When the next request is due; in a closed loop, now. */
int64_t schedule_next(const struct schedule *schedule, int64_t now);

/* Whether another request may start, now or later. */
bool schedule_goes_on(const struct schedule *schedule, int64_t now);

/* Starts the next request if it is due; *due is then the time from which its latency counts. */
bool schedule_start(struct schedule *schedule, int64_t now, int64_t *due);

/* Ends the schedule at now, if it has not ended. */
void schedule_stop(struct schedule *schedule, int64_t now);

/* Open loop: how many requests were due before the stop and never started. */
uint64_t schedule_missed(const struct schedule *schedule);

#endif
