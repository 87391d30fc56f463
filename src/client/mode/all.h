/* SPDX-License-Identifier: MIT */
/* all: makes each address of the targets a target of its own (-a). */
#ifndef SOCKGREET_ALL_H
#define SOCKGREET_ALL_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"

#include <stdint.h>

/* Looks the names up, for timeout_ns each at most. A name that cannot be looked up is reported on standard
 * error and counted in *failed. Returns 0, or -1 after Ctrl-C or, with a message, if out of memory. Free the
 * list in both cases. */
int all_addresses(struct target_list *addresses, const struct target_list *targets, int family,
                  const struct deadline *deadline, int64_t timeout_ns, unsigned *failed);

#endif
