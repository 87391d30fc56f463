/* SPDX-License-Identifier: MIT */
/* addresses: what the name of a target stands for, looked up without waiting, and again later. IPv6 and IPv4
 * are asked for at once, and their answers are put in the order in which they are to be tried (RFC 8305,
 * sections 3 and 4). */
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
struct addresses_half {
    struct addresses *whole;
    struct lookup *lookup; /* NULL: not running */
    struct loop_watch watch;
    struct addrinfo *found; /* by its last look-up that told; NULL: there is none */
    bool has_ended;         /* once, or more often */
    int code;
    int error;
};

struct addresses {
    struct loop *loop;
    const struct endpoint *endpoint;
    int family;
    struct address *list; /* in the order to be tried; what the last look-up that found any did find */
    size_t count;
    int code;     /* of the last look-up: 0, or of getaddrinfo */
    int error;    /* errno, for EAI_SYSTEM */
    bool changed; /* the last look-up found others than that before, or that one none */
    bool late;    /* the last news: the other family had been told of before, without it */
    bool running; /* a look-up that has not told of any family */
    unsigned long look_ups;
    int64_t started_ns; /* of the last look-up, of the monotonic clock */
    int64_t took_ns;

    struct addresses_half halves[2]; /* IPv6, IPv4 */
    struct loop_timer delay;         /* how long one half waits for the other */
    void (*found)(void *context);    /* after each look-up, also one that found nothing; and for late news */
    void *context;
};

/* The endpoint and the loop stay where they are until addresses_close(). */
void addresses_open(struct addresses *addresses, struct loop *loop, const struct endpoint *endpoint,
                    int family, void (*found)(void *context), void *context);

/* Begins a look-up unless one is running. found() may be called before it returns. */
void addresses_look_up(struct addresses *addresses);

/* False while a family was never told of, so that there may be more soon. */
bool addresses_are_complete(const struct addresses *addresses);

/* Whether the endpoint has a name, so that another look-up may say something else. */
bool addresses_is_name(const struct addresses *addresses);

void addresses_close(struct addresses *addresses);

#endif
