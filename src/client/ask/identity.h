/* SPDX-License-Identifier: MIT */
/* identity: the server that a greeting names. */
#ifndef SOCKGREET_IDENTITY_H
#define SOCKGREET_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#define IDENTITY_TEXT_MAX 64 /* bytes; what is longer is cut */

/* As the server sent it: escape it before printing. "": not in the greeting. */
struct identity {
    char name[IDENTITY_TEXT_MAX + 1];     /* host name; of a greeting without one, the first line */
    char instance[IDENTITY_TEXT_MAX + 1]; /* instance name, unless it is the host name */
    char version[IDENTITY_TEXT_MAX + 1];
    char boot_id[IDENTITY_TEXT_MAX + 1];
};

/* Reads a greeting, in a format of sockgreetd or any other. */
void identity_read(struct identity *identity, const char *greeting, size_t length);

/* Whether both certainly come from one server: host name and boot ID are known and, like the instance, equal.
 */
bool identity_same(const struct identity *a, const struct identity *b);

#endif
