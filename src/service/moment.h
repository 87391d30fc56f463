/* SPDX-License-Identifier: MIT */
/* moment: a second, and how it is written. */
#ifndef SOCKGREET_MOMENT_H
#define SOCKGREET_MOMENT_H

#include <time.h>

struct moment {
    time_t second;    /* since the epoch */
    char rfc3339[40]; /* RFC 3339 section 5.6, in UTC; empty before the first moment_set() */
};

/* Writes the text anew if the second is another: a thread that keeps its moment makes it once a second. */
void moment_set(struct moment *moment, time_t second);

#endif
