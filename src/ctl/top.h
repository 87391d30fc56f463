/* SPDX-License-Identifier: MIT */
/* top: the rates of a service, again and again. */
#ifndef SOCKGREET_CTL_TOP_H
#define SOCKGREET_CTL_TOP_H

#include "ctl/options.h"

/* Shows them until a key ends it; where there is no screen, or once is wanted, prints one frame. Returns the
 * exit status. */
int top_run(const struct options *options);

#endif
