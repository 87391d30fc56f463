/* SPDX-License-Identifier: MIT */
/* addresses: the addresses of a target's host, looked up without blocking, and again later. IPv6 and IPv4 are
 * looked up in parallel, and the results are put in the order of RFC 8305, sections 3 and 4. */
#ifndef SOCKGREET_ADDRESSES_H
#define SOCKGREET_ADDRESSES_H

#include "base/address.h"
#include "base/endpoint.h"
#include "client/ask/lookup.h"
#include "client/ask/loop.h"

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The look-up of one family. */
struct addresses_query {
    struct addresses *addresses;
    struct lookup *lookup; /* NULL: not running */
    struct loop_watch watch;
    struct addrinfo *found; /* by the last look-up that ended; NULL: nothing */
    bool has_ended;         /* at least once */
    int code;
    int error;
};

struct addresses {
    struct loop *loop;
    const struct endpoint *endpoint;
    int family;
    struct address *list; /* in the order to try; from the last look-up that found any */
    size_t count;
    int code;     /* of the last look-up: 0 or an EAI_ code */
    int error;    /* errno, for EAI_SYSTEM */
    bool changed; /* the last look-up found other addresses than the one before it, which may have failed */
    bool late;    /* found() was called before, with the other family only */
    bool running; /* a look-up that has not called found() yet */
    unsigned long look_ups;
    int64_t started_ns; /* of the last look-up; monotonic clock */
    int64_t took_ns;

    struct addresses_query queries[2]; /* IPv6, IPv4 */
    struct loop_timer delay;           /* how long one family waits for the other */
    /* Called after each look-up, even a failed one, and when the other family comes late. */
    void (*found)(void *context);
    void *context;
};

/* The endpoint and the loop must stay valid until addresses_close(). */
void addresses_open(struct addresses *addresses, struct loop *loop, const struct endpoint *endpoint,
                    int family, void (*found)(void *context), void *context);

/* Starts a look-up unless one is running. May call found() before it returns. */
void addresses_look_up(struct addresses *addresses);

/* False while the first look-up of a family is running, so that more addresses may come. */
bool addresses_are_complete(const struct addresses *addresses);

/* Whether the endpoint has a host name, whose addresses may change. */
bool addresses_is_name(const struct addresses *addresses);

void addresses_close(struct addresses *addresses);

#endif
