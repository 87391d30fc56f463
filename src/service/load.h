/* SPDX-License-Identifier: MIT */
/* load: how busy the machine is. */
#ifndef SOCKGREET_LOAD_H
#define SOCKGREET_LOAD_H

#include <stdbool.h>

/* The load of the last minute, in hundredths. False if the kernel does not say. */
bool load_hundredths(unsigned long *load);

#endif
