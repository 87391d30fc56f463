/* SPDX-License-Identifier: MIT */
#include "client/ask/lookup.h"

#include "base/util.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

/* In a thread of its own, because getaddrinfo has no timeout and cannot be interrupted. */
struct lookup {
    char *host;
    char *service;
    struct addrinfo hints;
    struct addrinfo *found;
    int code;
    int error;
    int done_fd;
    pthread_t thread;
    atomic_bool left; /* by one of the two sides; the other one frees it */
};

static void lookup_free(struct lookup *lookup)
{
    if (!lookup)
        return;
    if (lookup->found)
        freeaddrinfo(lookup->found);
    close_fd(&lookup->done_fd);
    free(lookup->service);
    free(lookup->host);
    free(lookup);
}

static struct lookup *lookup_new(const char *host, const char *service, const struct addrinfo *hints)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup)
        return NULL;
    lookup->hints = *hints;
    lookup->done_fd = eventfd(0, EFD_CLOEXEC);
    lookup->host = strdup(host);
    lookup->service = service ? strdup(service) : NULL;
    if (lookup->done_fd >= 0 && lookup->host && (lookup->service || !service))
        return lookup;
    lookup_free(lookup);
    return NULL;
}

static void *run(void *argument)
{
    struct lookup *lookup = argument;

    lookup->code = getaddrinfo(lookup->host, lookup->service, &lookup->hints, &lookup->found);
    lookup->error = errno;
    eventfd_write(lookup->done_fd, 1);
    if (atomic_exchange(&lookup->left, true))
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

    if (!lookup)
        return NULL;
    errno = pthread_create(&lookup->thread, NULL, run, lookup);
    if (errno == 0)
        return lookup;
    lookup_free(lookup);
    return NULL;
}

int lookup_fd(const struct lookup *lookup)
{
    return lookup->done_fd;
}

int lookup_finish(struct lookup *lookup, struct addrinfo **found)
{
    int code;

    pthread_join(lookup->thread, NULL);
    code = lookup->code;
    *found = lookup->found;
    lookup->found = NULL;
    errno = lookup->error;
    lookup_free(lookup);
    return code;
}

void lookup_abandon(struct lookup *lookup)
{
    if (!lookup)
        return;
    pthread_detach(lookup->thread);
    if (atomic_exchange(&lookup->left, true))
        lookup_free(lookup);
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
