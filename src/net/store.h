/* SPDX-License-Identifier: MIT */
/* store: passes copies of the listening sockets to the service manager, which keeps them over restarts
 * (sd_pid_notify_with_fds(3)). */
#ifndef SOCKGREET_STORE_H
#define SOCKGREET_STORE_H

#include "net/sockets.h"

/* Stores some of the sockets that the service manager does not have yet; not all at once, since systemd
 * compares each with all that it has. Returns after how many ns to call again, or -1 when it has all. */
int64_t store_some(const struct sockets *sockets);

/* Stores all remaining ones, at the end of the process; gives up after longest_ns. */
void store_rest(const struct sockets *sockets, int64_t longest_ns);

#endif
