/* SPDX-License-Identifier: MIT */
/* answerers: how often each server answered. */
#ifndef SOCKGREET_ANSWERERS_H
#define SOCKGREET_ANSWERERS_H

#include "client/who.h"

#include <stddef.h>
#include <stdint.h>

#define ANSWERERS_MAX 64 /* names; further ones are counted together */

struct answerer {
    char who[WHO_MAX];
    uint64_t count;
};

/* All zero to begin with. */
struct answerers {
    struct answerer *list; /* in the order of their first answers */
    size_t count;
    uint64_t others;
    uint64_t unnamed; /* answers without the name of a server */
};

/* Counts an answer of the server named who; "": the answer has no name. */
void answerers_add(struct answerers *answerers, const char *who);

void answerers_free(struct answerers *answerers);

#endif
