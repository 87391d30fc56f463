/* SPDX-License-Identifier: MIT */
/* values: writes the values of the variables that depend on the client. */
#ifndef SOCKGREET_VALUES_H
#define SOCKGREET_VALUES_H

#include "service/service.h"
#include "service/variables.h"

/* A template_value(); context is a struct occasion, and variable an enum variable that is PER_CLIENT. */
size_t values_write(const void *context, unsigned variable, const char *argument, char *out, size_t room);

#endif
