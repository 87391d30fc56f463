/* SPDX-License-Identifier: MIT */
/* load: many requests at once or a second, and how well they are answered (--load). */
#ifndef SOCKGREET_MODE_LOAD_H
#define SOCKGREET_MODE_LOAD_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/streams.h"

/* Puts the load on the targets and reports. Returns CMDLINE_ANSWERED if there were answers and every limit
 * was kept. */
enum cmdline_exit load_run(const struct cmdline *cmdline, const struct target_list *targets,
                           const struct patience *patience, struct streams *streams);

#endif
