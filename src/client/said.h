/* SPDX-License-Identifier: MIT */
/* said: what an answer in one of the formats of sockgreetd (JSON, or a line of name=value) says of its
 * server. */
#ifndef SOCKGREET_SAID_H
#define SOCKGREET_SAID_H

#include <stddef.h>

#define SAID_MAX 65536 /* bytes; a longer answer is not read */

/* NULL: the answer does not say. */
struct said {
    char *hostname;
    char *instance;
    char *version;
    char *boot_id;
    char *greeting; /* the text alone; without it, the answer is the greeting */
};

/* Reads an answer: a JSON object with members of these names (also one of another program), or name=value
 * words quoted for the shell, in which controls stay escaped. All members are NULL if it is anything else. */
void said_read(struct said *said, const char *answer, size_t length);

/* Frees the members. */
void said_free(struct said *said);

#endif
