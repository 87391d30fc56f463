/* SPDX-License-Identifier: MIT */
/* dates: writes a time in the format that ${time:...} names. */
#ifndef SOCKGREET_DATES_H
#define SOCKGREET_DATES_H

#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Checks the argument: "ms", or a format of strftime(3). Returns 0, or -1 with an error. */
int dates_check(const char *argument, struct message *error);

/* Whether a time with this argument, or NULL, has more precision than a second. */
bool dates_is_exact(const char *argument);

/* Writes a time in a format that dates_check() has accepted. size: with the terminating 0. Returns the
 * length; 0 if there is no room. */
size_t dates_write(char *text, size_t size, const char *format, const struct tm *tm);

#endif
