/* SPDX-License-Identifier: MIT */
/* failures: what all processes of the service know of what the log did not take, in shared memory. */
#ifndef SOCKGREET_LOG_FAILURES_H
#define SOCKGREET_LOG_FAILURES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct log_failures {
    _Atomic uint64_t events; /* events of the service that found no room, or that nobody took */
    _Atomic bool line_cut;   /* what standard error took last is the beginning of a line */
    _Atomic bool journal;    /* the journal did not take the last entry, which was said */
};

#endif
