/* SPDX-License-Identifier: MIT */
/* streams: standard output and standard error, which wait for a slow reader only until the deadline or
 * Ctrl-C. */
#ifndef SOCKGREET_STREAMS_H
#define SOCKGREET_STREAMS_H

#include "base/output.h"
#include "client/ask/deadline.h"

#include <stdbool.h>

/* Not to be copied while it is open. */
struct streams {
    struct output output; /* standard output */
    struct output errors; /* standard error: stderr prints on it */
    const struct deadline *deadline;
    int64_t
        end_ns; /* of the monotonic clock, when a full stream is given up; 0: the deadline has not passed */
    int reason; /* why the wait ended: EINTR or ETIMEDOUT */
};

/* Opens both. They and the deadline, which may change later, must live as long as the program. False, after a
 * message, if out of memory. */
bool streams_open(struct streams *streams, const struct deadline *deadline);

/* Flushes standard output. False if not all of it could be written, after a message unless its reader has
 * closed it. */
bool streams_flush(struct streams *streams);

/* Where to print the summary: standard output, or standard error if standard output was full for too long;
 * NULL if it failed. */
FILE *streams_best(struct streams *streams);

#endif
