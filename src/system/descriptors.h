/* SPDX-License-Identifier: MIT */
/* descriptors: the file descriptors that the daemon inherits, their limit, and each thread's share of
 * limits.connections. */
#ifndef SOCKGREET_DESCRIPTORS_H
#define SOCKGREET_DESCRIPTORS_H

#include "base/message.h"
#include "conf/conf.h"

#include <stddef.h>

/* To be called first in main(): occupies descriptors 0 to 2, closes all others that were not passed on
 * purpose (sd_listen_fds(3), and the extra ones that follow those), and raises the soft limit to the hard
 * one. */
void descriptors_prepare(unsigned extra);

/* How many sockets the environment says are passed to this very process, from SD_LISTEN_FDS_START on. */
unsigned descriptors_passed(void);

/* Checks RLIMIT_NOFILE against the needs of the configuration, and raises it further where that is allowed.
 * sockets: of this generation; held: by the master in all. *connections is what the whole service may hold at
 * once: as configured or, if that is only the default and too many, less, with a warning. Returns 0, or
 * -EMFILE with *reason if the limit does not suffice for a configured number, logged unless *reason was the
 * same before. */
int descriptors_apply(const struct conf *conf, size_t sockets, size_t held, struct message *reason,
                      unsigned *connections);

/* The share of one of count threads in total; the shares add up to total. */
unsigned descriptors_share(unsigned total, unsigned count, unsigned index);

#endif
