/* SPDX-License-Identifier: MIT */
#include "client/answerers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct answerer *find(struct answerers *answerers, const char *who)
{
    for (size_t i = 0; i < answerers->count; i++)
        if (strcmp(answerers->list[i].who, who) == 0)
            return &answerers->list[i];
    return NULL;
}

static struct answerer *add(struct answerers *answerers, const char *who)
{
    struct answerer *answerer;

    if (!answerers->list)
        answerers->list = calloc(ANSWERERS_MAX, sizeof(struct answerer));
    if (!answerers->list || answerers->count == ANSWERERS_MAX)
        return NULL;
    answerer = &answerers->list[answerers->count++];
    snprintf(answerer->who, sizeof(answerer->who), "%s", who);
    return answerer;
}

void answerers_add(struct answerers *answerers, const char *who)
{
    struct answerer *answerer;

    if (!who[0]) {
        answerers->unnamed++;
        return;
    }
    answerer = find(answerers, who);
    if (!answerer)
        answerer = add(answerers, who);
    if (answerer)
        answerer->count++;
    else
        answerers->others++;
}

void answerers_free(struct answerers *answerers)
{
    free(answerers->list);
    *answerers = (struct answerers){0};
}
