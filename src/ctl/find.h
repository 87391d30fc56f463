/* SPDX-License-Identifier: MIT */
/* find: the directories in which the control socket of a service may be. */
#ifndef SOCKGREET_CTL_FIND_H
#define SOCKGREET_CTL_FIND_H

#include "base/message.h"
#include "ctl/options.h"

#include <stddef.h>

struct find_place {
    char *directory;
    bool link_allowed; /* its parent belongs to root or to the caller */
};

struct find_places {
    struct find_place *list;
    size_t count;
    struct message looked; /* the directories searched, for a message */
};

/* Collects the places, the most likely first. */
void find_places(struct find_places *places, const struct options *options);
void find_free(struct find_places *places);

#endif
