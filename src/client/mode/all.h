/* SPDX-License-Identifier: MIT */
/* all: every address of the targets as a target of its own (-a). */
#ifndef SOCKGREET_ALL_H
#define SOCKGREET_ALL_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"

#include <stdint.h>

/* Looks the names up, for timeout_ns each at most. A name that cannot be looked up is reported on standard
 * error and counted in *failed. Returns 0, or -1 after a message if there is no memory or the user
 * interrupted. Free the list in both cases. */
int all_addresses(struct target_list *addresses, const struct target_list *targets, int family,
                  const struct patience *patience, int64_t timeout_ns, unsigned *failed);

#endif
