/* SPDX-License-Identifier: MIT */
/* load: the load average of the machine. */
#ifndef SOCKGREET_LOAD_H
#define SOCKGREET_LOAD_H

#include <stdbool.h>

/* The load average of the last minute, in hundredths. Returns false if it is not available. */
bool load_hundredths(unsigned long *load);

#endif
