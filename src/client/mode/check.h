/* SPDX-License-Identifier: MIT */
/* check: the client as a monitoring plug-in (check_sockgreet). */
#ifndef SOCKGREET_CLIENT_CHECK_H
#define SOCKGREET_CLIENT_CHECK_H

#include "client/ask/deadline.h"
#include "client/ask/target.h"
#include "client/options/check_options.h"
#include "client/streams.h"

/* Sends one request and prints the line for the monitor. Returns the exit status. */
int check_run(const struct check_options *options, const struct target_list *targets,
              const struct deadline *deadline, struct streams *streams);

#endif
