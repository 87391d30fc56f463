/* SPDX-License-Identifier: MIT */
/* values: what the variables that are known per client come to, written straight into the answer. */
#ifndef SOCKGREET_VALUES_H
#define SOCKGREET_VALUES_H

#include "service/service.h"
#include "service/variables.h"

/* A template_value(); context is a struct occasion, and variable an enum variable that is known per client.
 */
size_t values_write(const void *context, unsigned variable, const char *argument, char *out, size_t room);

#endif
