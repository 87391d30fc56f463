/* SPDX-License-Identifier: MIT */
/* discover: sends a broadcast request over UDP on the local networks, and lists the servers that answer. */
#ifndef SOCKGREET_DISCOVER_H
#define SOCKGREET_DISCOVER_H

#include "client/ask/deadline.h"
#include "client/options/options.h"
#include "client/streams.h"

/* Collects answers until the deadline of the command line (default: 1 second), and prints the list.
 * CMDLINE_NO_ANSWER if there was no answer, CMDLINE_ERROR if no request could be sent. */
enum cmdline_exit discover_run(const struct cmdline *cmdline, const struct deadline *deadline,
                               struct streams *streams);

#endif
