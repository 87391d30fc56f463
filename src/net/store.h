/* SPDX-License-Identifier: MIT */
/* store: has the service manager keep copies of the listening sockets over restarts
 * (sd_pid_notify_with_fds(3)).
 */
#ifndef SOCKGREET_STORE_H
#define SOCKGREET_STORE_H

#include "net/sockets.h"

/* Has the service manager keep copies of the sockets that it does not have yet: some of them, since systemd
 * compares each with all that it has. Returns in how many ns to go on, or -1 when it has all. */
int64_t store_some(const struct sockets *sockets);

/* The rest of them, because the process ends; gives up after longest_ns. */
void store_rest(const struct sockets *sockets, int64_t longest_ns);

#endif
