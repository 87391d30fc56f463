/* SPDX-License-Identifier: MIT */
/* dial: connects to the control socket in a directory that may belong to an attacker. */
#ifndef SOCKGREET_CTL_DIAL_H
#define SOCKGREET_CTL_DIAL_H

#include "ctl/find.h"

#include <stdint.h>
#include <sys/types.h>

/* Connects, until a time of monotonic_ns(). Follows no link, and as root connects only to sockets of root or
 * of the directory's owner. Returns a non-blocking descriptor, or -errno: -ENOTSOCK if the name is not that
 * of a socket, -EXDEV for another user's socket, -ETIMEDOUT. */
int dial_place(const struct find_place *place, int64_t until_ns);

/* The process that listens at the other end; 0 if it is not known. */
pid_t dial_peer_pid(int fd);

#endif
