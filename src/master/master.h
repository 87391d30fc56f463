/* SPDX-License-Identifier: MIT */
/* master: the small process that owns the listening sockets and supervises the workers.
 *
 * It runs no thread, reads no byte that a client sent, and calls nothing that waits for journald. */
#ifndef SOCKGREET_MASTER_H
#define SOCKGREET_MASTER_H

#include "conf/conf.h"

struct master_settings {
    const struct conf_source *source; /* for reloads */
    const char *degraded; /* why conf is the last good one and not source's; NULL: it is source's */
    char **argv;          /* for an upgrade */
};

/* Blocks all signals for good, before anything that takes time: those that come meanwhile wait for
 * master_run(). The kernel throws away what a process 1 has not blocked (pid_namespaces(7)). */
void master_block_signals(void);

/* Binds the listeners, starts the workers and supervises them until SIGTERM or SIGINT. Takes conf over.
 * Returns the exit status: 0 or EX_OSERR. In a worker it does not return. */
int master_run(const struct master_settings *settings, const struct conf *conf);

#endif
