/* SPDX-License-Identifier: MIT */
/* load: sends many requests, and reports rate, errors and latency (--load). */
#ifndef SOCKGREET_MODE_LOAD_H
#define SOCKGREET_MODE_LOAD_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/streams.h"

/* Runs the load and prints the report. Returns CMDLINE_ANSWERED if there were answers and every limit
 * was kept. */
enum cmdline_exit load_run(const struct cmdline *cmdline, const struct target_list *targets,
                           const struct deadline *deadline, struct streams *streams);

#endif
