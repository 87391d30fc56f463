/* SPDX-License-Identifier: MIT */
/* destination: the one address of each target that a load is sent to. */
#ifndef SOCKGREET_DESTINATION_H
#define SOCKGREET_DESTINATION_H

#include "base/message.h"
#include "client/ask/deadline.h"
#include "client/ask/outcome.h"
#include "client/ask/target.h"
#include "client/load/plan.h"

/* Looks a target up, and chooses the first of its addresses that can be connected to; the only one is taken
 * without trying. Returns OUTCOME_ANSWERED, or the class of what went wrong, in words in error. */
enum outcome destination_find(struct plan_target *found, const struct target *target, int family,
                              const struct dial_source *source, const struct patience *patience,
                              struct message *error);

#endif
