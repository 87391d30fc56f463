/* SPDX-License-Identifier: MIT */
/* master: the small process that owns the listening sockets and supervises the workers.
 *
 * It runs no thread, reads no byte that a client sent, and calls nothing that waits for journald. */
#ifndef SOCKGREET_MASTER_H
#define SOCKGREET_MASTER_H

#include "conf.h"

/* Binds the listeners, starts the workers and supervises them until SIGTERM or SIGINT. Returns the exit status: 0 or
 * EX_OSERR. In a worker it does not return. */
int master_run(const struct conf *conf);

#endif
