/* SPDX-License-Identifier: MIT */
/* moment: a point in time with its text formats. */
#ifndef SOCKGREET_MOMENT_H
#define SOCKGREET_MOMENT_H

#include <stdbool.h>
#include <time.h>

struct moment {
    time_t second;         /* since the epoch */
    long nanosecond;       /* of the second */
    struct tm broken_down; /* in UTC */
    char digits[24];       /* the second, as a number */
    char http_date[32];    /* the second, RFC 9110 section 5.6.7 */
    char rfc3339[40];      /* the second, RFC 3339 section 5.6, in UTC; empty before the first moment_set() */
};

/* Sets the time. Writes the texts only if the second has changed, so at most once per second. Returns whether
 * it has. */
bool moment_set(struct moment *moment, struct timespec now);

#endif
