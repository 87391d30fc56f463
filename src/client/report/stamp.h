/* SPDX-License-Identifier: MIT */
/* stamp: the time of day, as text. */
#ifndef SOCKGREET_STAMP_H
#define SOCKGREET_STAMP_H

#include <stdint.h>

#define STAMP_MAX 40

/* The time now in UTC with microseconds (RFC 3339, section 5.6). Returns text. */
const char *stamp_now(char text[STAMP_MAX]);

/* The same of a time of the monotonic clock. */
const char *stamp_of(char text[STAMP_MAX], int64_t monotonic);

/* The same as a time of day, of here, in milliseconds: "07:52:01.123". */
const char *stamp_clock(char text[STAMP_MAX], int64_t monotonic);

#endif
