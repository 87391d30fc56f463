/* SPDX-License-Identifier: MIT */
/* commands: sends the request, and prints the answer. */
#ifndef SOCKGREET_CTL_COMMANDS_H
#define SOCKGREET_CTL_COMMANDS_H

#include "ctl/options.h"

/* Runs the command of the command line. Returns the exit status. */
int commands_run(const struct options *options);

#endif
