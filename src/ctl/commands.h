/* SPDX-License-Identifier: MIT */
/* control: asks the running service for something, and waits for its answer in the runtime directory. */
#ifndef SOCKGREET_CONTROL_H
#define SOCKGREET_CONTROL_H

#include "ctl/options.h"

/* Has the service reload and prints the result, errors on standard error. Returns the exit status. */
int control_reload(const struct ctl_cmdline *cmdline);

/* Prints the service's state. Returns the exit status. */
int control_status(const struct ctl_cmdline *cmdline);

#endif
