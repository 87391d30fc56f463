/* SPDX-License-Identifier: MIT */
/* top: shows the rates of a service, updated continuously. */
#ifndef SOCKGREET_CTL_TOP_H
#define SOCKGREET_CTL_TOP_H

#include "ctl/options.h"

/* Shows them until a key ends it; without a screen, or with --once, prints one frame. Returns the exit
 * status. */
int top_run(const struct options *options);

#endif
