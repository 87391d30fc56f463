/* SPDX-License-Identifier: MIT */
/* stamp: time stamps, as nanoseconds since 1970 (CLOCK_REALTIME) and as text. */
#ifndef SOCKGREET_STAMP_H
#define SOCKGREET_STAMP_H

#include <stdint.h>

#define STAMP_MAX 40

/* The current time, and the time at which the monotonic clock had a value. */
int64_t stamp_now_ns(void);
int64_t stamp_ns_of(int64_t monotonic);

/* Writes a time, not before 1970, in UTC with microseconds (RFC 3339, section 5.6). Returns text. */
const char *stamp_text(char text[STAMP_MAX], int64_t ns);

/* The same for the current time, and for a time of the monotonic clock. */
const char *stamp_now(char text[STAMP_MAX]);
const char *stamp_of(char text[STAMP_MAX], int64_t monotonic);

/* A time of the monotonic clock as the local time of day, in milliseconds: "07:52:01.123". Returns text. */
const char *stamp_clock(char text[STAMP_MAX], int64_t monotonic);

#endif
