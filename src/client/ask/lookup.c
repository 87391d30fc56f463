/* SPDX-License-Identifier: MIT */
#include "client/ask/lookup.h"

#include "client/ask/background.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
    struct background background;
    char *host;
    char *service;
    struct addrinfo hints;
    struct addrinfo *found;
    int code;
    int error;
};

static void lookup_free(void *context)
{
    struct lookup *lookup = context;

    if (lookup->found)
        freeaddrinfo(lookup->found);
    free(lookup->service);
    free(lookup->host);
    free(lookup);
}

static void look_up(void *context)
{
    struct lookup *lookup = context;

    lookup->code = getaddrinfo(lookup->host, lookup->service, &lookup->hints, &lookup->found);
    lookup->error = errno;
}

static struct lookup *lookup_new(const char *host, const char *service, const struct addrinfo *hints)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup)
        return NULL;
    lookup->hints = *hints;
    lookup->host = strdup(host);
    lookup->service = service ? strdup(service) : NULL;
    if (lookup->host && (lookup->service || !service))
        return lookup;
    lookup_free(lookup);
    return NULL;
}

int lookup_numeric(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found)
{
    struct addrinfo numeric = *hints;

    *found = NULL;
    numeric.ai_flags |= AI_NUMERICHOST;
    return getaddrinfo(host, service, &numeric, found);
}

struct lookup *lookup_start(const char *host, const char *service, const struct addrinfo *hints)
{
    struct lookup *lookup = lookup_new(host, service, hints);
    int error = lookup ? background_start(&lookup->background, look_up, lookup_free, lookup) : ENOMEM;

    if (error == 0)
        return lookup;
    if (lookup)
        lookup_free(lookup);
    errno = error;
    return NULL;
}

int lookup_fd(const struct lookup *lookup)
{
    return lookup->background.done_fd;
}

int lookup_finish(struct lookup *lookup, struct addrinfo **found)
{
    int code, error;

    background_finish(&lookup->background);
    code = lookup->code;
    error = lookup->error;
    *found = lookup->found;
    lookup->found = NULL;
    lookup_free(lookup);
    errno = error;
    return code;
}

void lookup_abandon(struct lookup *lookup)
{
    if (lookup)
        background_abandon(&lookup->background);
}

int lookup_host(const char *host, const char *service, const struct addrinfo *hints,
                const struct deadline *deadline, struct addrinfo **found)
{
    struct lookup *lookup;
    enum deadline_end end;

    if (lookup_numeric(host, service, hints, found) == 0)
        return 0;
    lookup = lookup_start(host, service, hints);
    if (!lookup)
        return EAI_SYSTEM;
    end = deadline_wait(deadline, lookup_fd(lookup), POLLIN);
    if (end == DEADLINE_READY)
        return lookup_finish(lookup, found);
    lookup_abandon(lookup);
    return end == DEADLINE_INTERRUPTED ? EAI_INTR : EAI_CANCELED;
}
