/* SPDX-License-Identifier: MIT */
/* master: the small process that owns the listening sockets and supervises the workers.
 *
 * It runs no thread, reads no byte that a client of a listener sent, and calls nothing that waits for
 * journald. */
#ifndef SOCKGREET_MASTER_H
#define SOCKGREET_MASTER_H

#include "conf/conf.h"
#include "net/registry.h"

struct master_settings {
    const struct conf_source *source;
    struct registry *registry; /* with the inherited sockets */
    unsigned inherited;        /* how many of them an earlier life of this service had */
    int replaced_fd;           /* see upgrade_inherited_fd() */
    bool ignores_hangup;       /* the starter had SIGHUP ignored (nohup(1)): a closed terminal is no end */
    char **argv;               /* for an upgrade */
};

/* Loads the configuration, binds the listeners, starts the workers and supervises them until SIGTERM or
 * SIGINT. Returns the exit status: 0, EX_CONFIG or EX_OSERR. In a worker it does not return. */
int master_run(const struct master_settings *settings);

#endif
