/* SPDX-License-Identifier: MIT */
/* rounds: sends a request to each target at every tick, even if others are outstanding, decides when the run
 * ends, as -c and -w say, and prints the summary. */
#ifndef SOCKGREET_ROUNDS_H
#define SOCKGREET_ROUNDS_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/report/report.h"
#include "client/streams.h"

struct rounds_settings {
    const struct cmdline *cmdline;
    const struct target_list *targets;
    const struct deadline *deadline; /* of the whole run */
    struct streams *streams;
    struct report report;
};

/* Reports results as they come: a single round in the order of targets, --watch in the order of sequence
 * numbers, otherwise as requests end. Returns the exit status of the program. */
enum cmdline_exit rounds_run(const struct rounds_settings *settings);

#endif
