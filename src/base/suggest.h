/* SPDX-License-Identifier: MIT */
/* suggest: guesses what was meant by a name that does not exist. */
#ifndef SOCKGREET_SUGGEST_H
#define SOCKGREET_SUGGEST_H

/* How far apart two names are: 0 for the same in whatever case, more for each letter added, left out, changed
 * or swapped with its neighbour; a name that stands in another group ("processes" for "workers.processes") is
 * near. Over SUGGEST_MAX is no guess. */
unsigned suggest_distance(const char *written, const char *known);

#define SUGGEST_MAX 2

#endif
