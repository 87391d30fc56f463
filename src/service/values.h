/* SPDX-License-Identifier: MIT */
/* values: what the variables that are known per client come to, written straight into the answer. */
#ifndef SOCKGREET_VALUES_H
#define SOCKGREET_VALUES_H

#include "base/message.h"
#include "service/service.h"
#include "service/variables.h"

/* A template_value(); context is a struct occasion, and variable an enum variable that is known per client.
 */
size_t values_write(const void *context, unsigned variable, const char *argument, char *out, size_t room);

/* Judges the argument of ${time:...}: "ms", or a format of strftime(3). Returns 0, or -1 with an error. */
int values_check_time(const char *argument, struct message *error);

/* Whether a time with this argument, or NULL, is more exact than a second. */
bool values_time_is_exact(const char *argument);

#endif
