/* SPDX-License-Identifier: MIT */
/* prefix: parses and writes IP networks, "192.0.2.0/24". */
#ifndef SOCKGREET_PREFIX_H
#define SOCKGREET_PREFIX_H

#include "base/message.h"

#include <stdint.h>

#define PREFIX_TEXT_MAX 64

struct prefix {
    uint8_t family; /* AF_INET or AF_INET6 */
    uint8_t length; /* in bits */
    uint8_t ip[16]; /* zero after the prefix */
};

/* Parses a network in the notation of RFC 4632 3.1 and RFC 4291 2.3, or one address; IPv4-mapped ones are
 * IPv4. Returns 0, or -1 with an error that is to follow the quoted text. */
int prefix_parse(const char *text, struct prefix *prefix, struct message *error);

/* "192.0.2.0/24"; an address without a length. Returns text. */
const char *prefix_text(const struct prefix *prefix, char text[PREFIX_TEXT_MAX]);

/* By family, then address, then length, so that a network comes before those within it. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

#endif
