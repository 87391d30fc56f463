/* SPDX-License-Identifier: MIT */
/* quotes: short texts, and which of them a client is told. */
#ifndef SOCKGREET_QUOTES_H
#define SOCKGREET_QUOTES_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define QUOTES_END "\r\n" /* of a line */
#define QUOTES_MAX \
    (511 - (sizeof(QUOTES_END) - 1)) /* bytes of one: with its last end, less than RFC 865's 512 */

/* Its lines end in QUOTES_END, but for the last. */
struct quote {
    const char *text;
    size_t length;
};

struct quotes {
    const struct quote *list;
    size_t count;   /* at least 1 */
    size_t longest; /* bytes of the longest */
};

/* The quote of a day, which is the UTC day of a second since the epoch. Hosts with the same quotes have the
 * same one, and each comes once before the first comes again. */
const struct quote *quotes_of_the_day(const struct quotes *quotes, time_t second);

/* Any of them, another for each of a speaker's requests, and the same when asked for again. */
const struct quote *quotes_random(const struct quotes *quotes, uint64_t speaker, uint64_t request);

#endif
