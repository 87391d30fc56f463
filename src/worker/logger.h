/* SPDX-License-Identifier: MIT */
/* logger: a worker's logging thread. It empties the rings of its slot, and the master's if the master says
 * so, and reports what was not written one by one while it does. It alone ever waits for journald. */
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
    _Atomic bool *stop;  /* set, then write to wake_fd: write what is there and return */
    bool is_last;        /* with the worker the service ends: say what is unreported; set before stop */
    int64_t next_report; /* private to the thread, as the rest is */
    int64_t next_pause_report;
    int64_t next_mend_report;
    uint64_t pauses_reported;
    uint64_t mended; /* rings whose positions could not be right, since that was reported */
};

/* The thread; argument is a struct logger that outlives it. */
void *logger_run(void *argument);

#endif
