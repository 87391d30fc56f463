/* SPDX-License-Identifier: MIT */
/* rounds: asks every target in turn, once or as often as -c says, and sums up. */
#ifndef SOCKGREET_ROUNDS_H
#define SOCKGREET_ROUNDS_H

#include "client/ask/deadline.h"
#include "client/ask/dial.h"
#include "client/ask/target.h"
#include "client/options.h"
#include "client/streams.h"

/* Prints as it goes. Returns the exit code of the program. */
enum cmdline_exit rounds_run(const struct cmdline *cmdline, const struct target_list *targets,
                             const struct dial_source *source, const struct patience *patience,
                             struct streams *streams);

#endif
