/* SPDX-License-Identifier: MIT */
/* logger: a worker's logging thread. It empties the rings of its slot, and the master's if the master says
 * so, and sums up what was not written one by one. It alone ever waits for journald. */
#ifndef SOCKGREET_LOGGER_H
#define SOCKGREET_LOGGER_H

#include "conf/conf.h"
#include "shm/shm.h"

#include <stdatomic.h>
#include <stdbool.h>

struct logger {
    const struct conf *conf;
    const struct shared *shared;
    unsigned worker;      /* slot */
    int wake_fd;          /* eventfd, see log_wake() */
    _Atomic bool *stop;   /* set, then write to wake_fd: write what is there and return */
    int64_t next_summary; /* private to the thread, as the rest is */
    int64_t last_summary;
    int64_t next_pause_report;
    uint64_t pauses_reported;
};

/* The thread; argument is a struct logger that outlives it. */
void *logger_run(void *argument);

#endif
