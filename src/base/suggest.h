/* SPDX-License-Identifier: MIT */
/* suggest: guesses what was meant by a name that does not exist. */
#ifndef SOCKGREET_SUGGEST_H
#define SOCKGREET_SUGGEST_H

#include <stddef.h>

/* The distance of two names: 0 if they are equal ignoring case, more for each letter added, left out, changed
 * or swapped with its neighbour. The same name in another group ("processes" for "workers.processes") is
 * near. Names farther than SUGGEST_MAX are not suggested. */
unsigned suggest_distance(const char *written, const char *known);

#define SUGGEST_MAX 2

/* The nearest of some names. */
struct suggestion {
    unsigned distance;
    char name[72]; /* "" if none is near */
};

#define SUGGESTION_NONE ((struct suggestion){.distance = SUGGEST_MAX + 1})

/* Takes the first length bytes of known for the suggestion if they are nearer than the current one. */
void suggest_try(struct suggestion *suggestion, const char *written, const char *known, size_t length);

#endif
