/* SPDX-License-Identifier: MIT */
/* rounds: asks all targets at once, and again at every tick, whatever is outstanding; once or as often as -c
 * says; and sums up. */
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
    const struct patience *patience; /* of the whole run */
    struct streams *streams;
    struct report report;
};

/* Reports as it goes: a single round in the order of targets, --watch by sequence, otherwise as requests end.
 * Returns the exit code of the program. */
enum cmdline_exit rounds_run(const struct rounds_settings *settings);

#endif
