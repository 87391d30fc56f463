/* SPDX-License-Identifier: MIT */
/* logger: a worker's logging thread. It empties the rings of its slot, and that of the master if the master
 * has chosen it, and logs summaries. It is the only thread that waits for journald. */
#ifndef SOCKGREET_LOGGER_H
#define SOCKGREET_LOGGER_H

#include "conf/conf.h"
#include "shm/shared.h"

#include <stdatomic.h>
#include <stdbool.h>

struct logger {
    const struct conf *conf;
    const struct shared *shared;
    unsigned worker;     /* slot */
    int wake_fd;         /* eventfd, see log_wake() */
    _Atomic bool *stop;  /* set, then write to wake_fd: the thread writes what is queued and returns */
    bool is_last;        /* the service ends: write the last summaries, too; set before stop */
    int64_t next_report; /* this and the rest: private to the thread */
    int64_t next_pause_report;
    int64_t next_discard_report;
    uint64_t pauses_reported;
    uint64_t discarded; /* rings with invalid positions, since the last report of that */
};

/* The thread's function; argument is a struct logger that outlives it. */
void *logger_run(void *argument);

#endif
