/* SPDX-License-Identifier: MIT */
/* commands: asks the service, and prints what it answers. */
#ifndef SOCKGREET_CTL_COMMANDS_H
#define SOCKGREET_CTL_COMMANDS_H

#include "ctl/options.h"

/* Does what the command line says. Returns the exit status. */
int commands_run(const struct options *options);

#endif
