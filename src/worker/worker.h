/* SPDX-License-Identifier: MIT */
/* worker: a child process that drops its privileges and runs a pool of greeting threads and a logger. */
#ifndef SOCKGREET_WORKER_H
#define SOCKGREET_WORKER_H

#include "conf/conf.h"
#include "net/sockets.h"
#include "shm/shared.h"
#include "system/sandbox.h"

/* What a worker inherits from the master. */
struct worker_settings {
    const struct conf *conf;
    const struct sockets *sockets;
    const struct shared *shared;
    unsigned generation; /* number, for messages and greetings */
    unsigned slot;
    unsigned connections; /* limit of the whole service */
    pid_t master;
    int lifeline_fd; /* at end of file the master is gone */
    int ready_fd;    /* a struct worker_report is written to it, once; then it is closed */
    int announce_fd; /* eventfds, see thread_settings */
    int attention_fd;
    int log_wake_fd; /* eventfd of this slot's logger */
};

/* What a worker reports before it serves clients. */
struct worker_report {
    pid_t pid;
    bool serves; /* false: it ends, because its sandbox does not meet the configuration */
    struct sandbox sandbox;
};

/* Serves until SIGTERM (drain) or, from the master, SIGUSR1 (retire), SIGUSR2 (finish) or SIGQUIT (at once);
 * see enum order. Returns the exit status: 0, or EX_OSERR if it could not start. Never returns into the
 * master's code: call as _exit(worker_run(…)). */
int worker_run(const struct worker_settings *settings);

#endif
