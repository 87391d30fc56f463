/* SPDX-License-Identifier: MIT */
/* discover: asks everybody on the networks of this machine over UDP, and lists who answers. */
#ifndef SOCKGREET_DISCOVER_H
#define SOCKGREET_DISCOVER_H

#include "client/ask/deadline.h"
#include "client/options/options.h"
#include "client/streams.h"

/* Asks and collects until the deadline of the command line, by default for a second, and prints the list.
 * CMDLINE_NO_ANSWER if there was no answer, CMDLINE_ERROR if no request could be sent. */
enum cmdline_exit discover_run(const struct cmdline *cmdline, const struct patience *patience,
                               struct streams *streams);

#endif
