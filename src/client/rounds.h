/* SPDX-License-Identifier: MIT */
/* rounds: asks every target in turn, once or as often as -c says, and sums up. */
#ifndef SOCKGREET_ROUNDS_H
#define SOCKGREET_ROUNDS_H

#include "cmdline.h"
#include "dial.h"
#include "patience.h"
#include "target.h"

/* Prints as it goes. Returns the exit code of the program. */
enum cmdline_exit rounds_run(const struct cmdline *cmdline, const struct target_list *targets,
                             const struct dial_source *source, const struct patience *patience);

#endif
