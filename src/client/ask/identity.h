/* SPDX-License-Identifier: MIT */
/* identity: which server a greeting says that it comes from. */
#ifndef SOCKGREET_IDENTITY_H
#define SOCKGREET_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#define IDENTITY_TEXT_MAX 64 /* bytes; what is longer is cut */

/* What a server said, to be escaped before it is printed; "" where it said nothing. */
struct identity {
    char name[IDENTITY_TEXT_MAX + 1];     /* its host name; of any other greeting, the first line */
    char instance[IDENTITY_TEXT_MAX + 1]; /* what the service is called, unless that is the host's name */
    char version[IDENTITY_TEXT_MAX + 1];
    char boot_id[IDENTITY_TEXT_MAX + 1];
};

/* Reads a greeting in one of the formats of sockgreetd that say it, or any other one. */
void identity_read(struct identity *identity, const char *greeting, size_t length);

/* Whether both come from one server for sure: host, instance and boot are known and the same. */
bool identity_same(const struct identity *a, const struct identity *b);

#endif
