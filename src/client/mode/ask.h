/* SPDX-License-Identifier: MIT */
/* ask: asks the targets, once or many times, and chooses the writer of the results. */
#ifndef SOCKGREET_ASK_H
#define SOCKGREET_ASK_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/streams.h"

/* Prints the results as they come. CMDLINE_NO_ANSWER if a target did not answer as often as required. */
enum cmdline_exit ask_run(const struct cmdline *cmdline, const struct target_list *targets,
                          const struct deadline *deadline, struct streams *streams);

#endif
