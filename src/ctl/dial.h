/* SPDX-License-Identifier: MIT */
/* dial: connects to the control socket in a directory that may belong to somebody who means harm. */
#ifndef SOCKGREET_CTL_DIAL_H
#define SOCKGREET_CTL_DIAL_H

#include "ctl/find.h"

#include <stdint.h>
#include <sys/types.h>

/* Connects until a time of monotonic_ns(). Follows no link, and for root goes to nobody but root and the
 * directory's owner. Returns a descriptor that does not wait, or -errno: -ENOTSOCK if something else has the
 * socket's name, -EXDEV for a stranger's socket, -ETIMEDOUT. */
int dial_place(const struct find_place *place, int64_t until_ns);

/* The process that listens at the other end, and 0 if it is not known. */
pid_t dial_peer_pid(int fd);

#endif
