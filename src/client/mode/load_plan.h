/* SPDX-License-Identifier: MIT */
/* load_plan: makes the plan of a load from the command line. */
#ifndef SOCKGREET_MODE_LOAD_PLAN_H
#define SOCKGREET_MODE_LOAD_PLAN_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/load/plan.h"
#include "client/options/options.h"

/* Looks the targets up. Returns CMDLINE_ANSWERED, or another status after a message. Free the plan in both
 * cases; it refers to cmdline. */
enum cmdline_exit load_plan_make(struct load_plan *plan, const struct cmdline *cmdline,
                                 const struct target_list *targets, const struct deadline *deadline);

void load_plan_free(struct load_plan *plan);

#endif
