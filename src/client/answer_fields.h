/* SPDX-License-Identifier: MIT */
/* answer_fields: what an answer in a format of sockgreetd (JSON, or a line of name=value) says about its
 * server. */
#ifndef SOCKGREET_ANSWER_FIELDS_H
#define SOCKGREET_ANSWER_FIELDS_H

#include <stddef.h>

#define ANSWER_FIELDS_MAX 65536 /* bytes; a longer answer is not read */

/* NULL: not in the answer. */
struct answer_fields {
    char *hostname;
    char *instance;
    char *version;
    char *boot_id;
    char *greeting; /* the text alone; without it, the answer is the greeting */
};

/* Reads an answer: a JSON object with members of these names (also one of another program), or name=value
 * words quoted for the shell, in which control characters stay escaped. All members are NULL for any other
 * answer. */
void answer_fields_read(struct answer_fields *fields, const char *answer, size_t length);

/* Frees the members. */
void answer_fields_free(struct answer_fields *fields);

#endif
