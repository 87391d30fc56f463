/* SPDX-License-Identifier: MIT */
/* broadcast: one request to every place, and the answers to it. Its sockets are its own, so that an answer is
 * not taken for one to a later request. */
#ifndef SOCKGREET_BROADCAST_H
#define SOCKGREET_BROADCAST_H

#include "client/ask/dial.h"
#include "client/ask/greeters.h"
#include "client/ask/places.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BROADCAST_PAD_MAX 65507 /* bytes of a datagram */

enum broadcast_family { BROADCAST_IPV4, BROADCAST_IPV6, BROADCAST_FAMILIES };

struct broadcast {
    int fds[BROADCAST_FAMILIES]; /* -1: there is none */
    int64_t sent_ns;             /* of the monotonic clock */
    unsigned port;               /* that was asked */
};

#define BROADCAST_NONE ((struct broadcast){.fds = {-1, -1}})

struct broadcast_request {
    const struct places *places;
    const struct dial_source *source;
    size_t pad; /* its bytes, which are zero, up to BROADCAST_PAD_MAX */
    /* Is told of every place; error is 0 or an errno value. */
    void (*told)(void *context, const struct place *place, int error);
    void *context;
};

/* Asks all places, each by its interface, whatever the routes say. False if none could be asked. */
bool broadcast_send(struct broadcast *broadcast, const struct broadcast_request *request);

/* Fills in what to poll; returns how many, up to BROADCAST_FAMILIES. */
nfds_t broadcast_polled(const struct broadcast *broadcast, struct pollfd *polled);

/* Notes who has answered, without waiting; not all of them if there are very many. False without memory. */
bool broadcast_receive(const struct broadcast *broadcast, struct greeters *greeters);

/* Closes what is open. */
void broadcast_close(struct broadcast *broadcast);

#endif
