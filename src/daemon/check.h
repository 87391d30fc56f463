/* SPDX-License-Identifier: MIT */
/* check: -t and -T, which check or print the configuration and start nothing. */
#ifndef SOCKGREET_CHECK_H
#define SOCKGREET_CHECK_H

#include "daemon/cmdline.h"

/* Loads the configuration; reports that it is good or prints it on stdout; messages go to stderr. Returns the
 * exit code. */
int check_run(const struct cmdline *cmdline);

#endif
