/* SPDX-License-Identifier: MIT */
/* master: the small process that owns the listening sockets and supervises the workers.
 *
 * It runs no threads, reads no data sent by clients of listeners, and calls nothing that waits for journald.
 */
#ifndef SOCKGREET_MASTER_H
#define SOCKGREET_MASTER_H

#include "conf/conf.h"
#include "net/registry.h"

struct master_settings {
    const struct conf_source *source;
    struct registry *registry; /* with the inherited sockets */
    unsigned inherited;        /* how many of them an earlier process of this service had created */
    int replaced_fd;           /* see upgrade_inherited_fd() */
    bool ignores_hangup;       /* started with SIGHUP ignored (nohup(1)): a closed terminal does not end it */
    char **argv;               /* for an upgrade */
};

/* Loads the configuration, binds the listeners, starts the workers and supervises them until SIGTERM or
 * SIGINT. Returns the exit status: 0, EX_CONFIG or EX_OSERR. In a worker it does not return. */
int master_run(const struct master_settings *settings);

#endif
