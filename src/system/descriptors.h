/* SPDX-License-Identifier: MIT */
/* limits: file descriptors for limits.connections, and each thread's share of it. */
#ifndef SOCKGREET_LIMITS_H
#define SOCKGREET_LIMITS_H

#include "conf/conf.h"

#include <stddef.h>

/* Raises RLIMIT_NOFILE to what the configuration needs with this many listening sockets. *connections is what
 * the whole service may hold at once: as configured or, if it is only the default and cannot be had, less,
 * with a warning. Returns 0, or -EMFILE, logged, if what the file asks for cannot be had. */
int limits_apply(const struct conf *conf, size_t sockets, unsigned *connections);

/* The share of one of count threads in total; all shares together are total. */
unsigned limits_share(unsigned total, unsigned count, unsigned index);

#endif
