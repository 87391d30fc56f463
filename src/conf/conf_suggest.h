/* SPDX-License-Identifier: MIT */
/* conf_suggest: guesses what was meant by a name that does not exist. */
#ifndef SOCKGREET_CONF_SUGGEST_H
#define SOCKGREET_CONF_SUGGEST_H

/* How far apart two names are: 0 for the same, more for each letter added, left out, changed or swapped with
 * its neighbour; a name that stands in another group ("processes" for "workers.processes") is near. Over
 * CONF_SUGGEST_MAX is no guess. */
unsigned conf_suggest_distance(const char *written, const char *known);

#define CONF_SUGGEST_MAX 2

#endif
