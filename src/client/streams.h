/* SPDX-License-Identifier: MIT */
/* streams: standard output and standard error, which wait for their reader no longer than the user does. */
#ifndef SOCKGREET_STREAMS_H
#define SOCKGREET_STREAMS_H

#include "base/output.h"
#include "client/ask/deadline.h"

#include <stdbool.h>

/* Not to be copied while it is open. */
struct streams {
    struct output output; /* standard output */
    struct output errors; /* standard error: stderr prints on it */
    const struct patience *patience;
    int64_t end_ns; /* of the monotonic clock, when a full stream is given up; 0: not before patience ends */
    int reason;     /* why patience ended */
};

/* Opens both. They and the patience, which may change later, must live as long as the program. False, after a
 * message, if there is no memory. */
bool streams_open(struct streams *streams, const struct patience *patience);

/* Writes what was printed on standard output. False if not all of it could be written, after a message unless
 * its reader went away. */
bool streams_flush(struct streams *streams);

/* Where to print what is still worth it: standard output, or standard error if the former was full for too
 * long; NULL if it failed. */
FILE *streams_best(struct streams *streams);

#endif
