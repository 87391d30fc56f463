/* SPDX-License-Identifier: MIT */
/* who: the name of the server that answered, as it is counted and printed. */
#ifndef SOCKGREET_WHO_H
#define SOCKGREET_WHO_H

#include "client/answer_fields.h"
#include "client/pattern.h"

#include <stdbool.h>
#include <stddef.h>

#define WHO_MAX 64 /* bytes, with the end; a longer name ends in an ellipsis */

/* Writes the name, safe for a terminal: with a pattern (--who), what it matches in the answer; without
 * (NULL), the name in the fields: "web-1", or "blue@web-1" if the instance is not named like the host.
 * Without a name, writes "" and returns false. */
bool who_name(char who[WHO_MAX], const struct pattern *pattern, const struct answer_fields *fields,
              const char *answer, size_t length);

#endif
