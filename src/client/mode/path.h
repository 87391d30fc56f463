/* SPDX-License-Identifier: MIT */
/* path: asks every target over TCP and UDP, and prints what the network did to the packets. */
#ifndef SOCKGREET_PATH_H
#define SOCKGREET_PATH_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/streams.h"

/* CMDLINE_NO_ANSWER if a target did not answer, or none of its answers says what the server received. */
enum cmdline_exit path_run(const struct cmdline *cmdline, const struct target_list *targets,
                           const struct deadline *deadline, struct streams *streams);

#endif
