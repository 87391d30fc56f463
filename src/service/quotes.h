/* SPDX-License-Identifier: MIT */
/* quotes: a list of short texts, and the choice of one for a client. */
#ifndef SOCKGREET_QUOTES_H
#define SOCKGREET_QUOTES_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define QUOTES_END "\r\n" /* end of a line */
#define QUOTES_MAX \
    (511 - (sizeof(QUOTES_END) - 1)) /* bytes of a quote: with QUOTES_END less than the 512 of RFC 865 */

/* Its lines are separated by QUOTES_END. */
struct quote {
    const char *text;
    size_t length;
};

struct quotes {
    const struct quote *list;
    size_t count;   /* at least 1 */
    size_t longest; /* bytes of the longest */
};

/* The quote of the UTC day that contains this second since the epoch. Hosts with the same quotes choose the
 * same one, and each is used once before the first is used again. */
const struct quote *quotes_of_the_day(const struct quotes *quotes, time_t second);

/* A random quote: the same for the same speaker and request. */
const struct quote *quotes_random(const struct quotes *quotes, uint64_t speaker, uint64_t request);

#endif
