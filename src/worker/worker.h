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
    unsigned generation; /* its number, for people */
    unsigned slot;
    unsigned connections; /* that the whole service may hold at once */
    pid_t master;
    int lifeline_fd; /* reads end of file when the master is gone */
    int ready_fd;    /* a struct worker_report is written here, once; then it is closed */
    int announce_fd; /* eventfds, see thread_settings */
    int attention_fd;
    int log_wake_fd; /* eventfd of this slot's logger */
};

/* What a worker says of itself before it serves anybody. */
struct worker_report {
    pid_t pid;
    bool serves; /* every thread does; otherwise it ends, because the sandbox is not as it has to be */
    struct sandbox sandbox;
};

/* Serves until SIGTERM (drain) or, from the master, SIGUSR1 (retire), SIGUSR2 (finish) or SIGQUIT (at once);
 * see enum order. Returns the exit status: 0, or EX_OSERR if it could not start. Never returns into the
 * master's code: call as _exit(worker_run(…)). */
int worker_run(const struct worker_settings *settings);

#endif
