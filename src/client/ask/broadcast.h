/* SPDX-License-Identifier: MIT */
/* broadcast: one request to all places, and its answers. Each has sockets of its own, so that an answer is
 * not counted for a later request. */
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
    int fds[BROADCAST_FAMILIES]; /* -1: none */
    int64_t sent_ns;             /* of the monotonic clock */
    unsigned port;               /* destination port of the request */
};

#define BROADCAST_NONE ((struct broadcast){.fds = {-1, -1}})

struct broadcast_request {
    const struct places *places;
    const struct dial_source *source;
    size_t pad; /* size in bytes, which are zero; up to BROADCAST_PAD_MAX */
    /* Called for each place; error: 0 or an errno value. */
    void (*reported)(void *context, const struct place *place, int error);
    void *context;
};

/* Sends the request to all places, each through its interface regardless of routes. False if none could be
 * sent. */
bool broadcast_send(struct broadcast *broadcast, const struct broadcast_request *request);

/* Fills polled and returns the number of entries, up to BROADCAST_FAMILIES. */
nfds_t broadcast_polled(const struct broadcast *broadcast, struct pollfd *polled);

/* Adds the servers that have answered, without waiting; only so many per call. False if out of memory. */
bool broadcast_receive(const struct broadcast *broadcast, struct greeters *greeters);

/* Closes what is open. */
void broadcast_close(struct broadcast *broadcast);

#endif
