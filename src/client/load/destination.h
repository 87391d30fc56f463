/* SPDX-License-Identifier: MIT */
/* destination: chooses the address of each target to which a load is sent. */
#ifndef SOCKGREET_DESTINATION_H
#define SOCKGREET_DESTINATION_H

#include "base/message.h"
#include "client/ask/deadline.h"
#include "client/ask/outcome.h"
#include "client/ask/target.h"
#include "client/load/plan.h"

/* Looks a target up, and chooses the first address to which a connection is possible; a single address is not
 * tried. Returns OUTCOME_ANSWERED, or the class of the failure with a message in error. */
enum outcome destination_find(struct plan_target *found, const struct target *target, int family,
                              const struct dial_source *source, const struct deadline *deadline,
                              struct message *error);

#endif
