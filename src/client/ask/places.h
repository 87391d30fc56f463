/* SPDX-License-Identifier: MIT */
/* places: where a broadcast request is sent: the broadcast addresses of each interface, and the IPv6
 * all-nodes group on it (RFC 919, RFC 4291 2.7.1). */
#ifndef SOCKGREET_PLACES_H
#define SOCKGREET_PLACES_H

#include "base/address.h"
#include "base/message.h"
#include "client/ask/dial.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#define PLACES_MAX 1024 /* a container host has hundreds of interfaces */

struct place {
    struct address address;
    unsigned interface; /* index, to send through */
    char name[IF_NAMESIZE];
};

struct places {
    struct place *list;
    size_t count;
    bool more; /* there are more than PLACES_MAX */
};

struct places_wanted {
    int family;                       /* AF_UNSPEC: both */
    const struct dial_source *source; /* its address or interface selects one interface */
    unsigned port;
};

/* Finds the places of this machine. Returns 0, even if there are none, or -1 with a message in error. Free
 * them in both cases. */
int places_find(struct places *places, const struct places_wanted *wanted, struct message *error);

/* The same for given interfaces. False if out of memory. */
bool places_choose(struct places *places, const struct places_wanted *wanted,
                   const struct ifaddrs *interfaces);

/* Frees the list. */
void places_free(struct places *places);

#endif
