/* SPDX-License-Identifier: MIT */
/* places: where to ask everybody on the networks of this machine: the broadcast addresses of each interface
 * and IPv6's all-nodes group on it (RFC 919, RFC 4291 2.7.1). */
#ifndef SOCKGREET_PLACES_H
#define SOCKGREET_PLACES_H

#include "base/address.h"
#include "base/message.h"
#include "client/ask/dial.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#define PLACES_MAX 1024 /* a host of containers has hundreds of interfaces */

struct place {
    struct address address;
    unsigned interface; /* that what is asked there leaves by */
    char name[IF_NAMESIZE];
};

struct places {
    struct place *list;
    size_t count;
    bool more; /* there are more than PLACES_MAX */
};

struct places_wanted {
    int family;                       /* AF_UNSPEC: both */
    const struct dial_source *source; /* an address or interface of it limits them to one interface */
    unsigned port;
};

/* Finds the places of this machine as it is now. Returns 0, also if there are none, or -1 with a message in
 * error. Free them in both cases. */
int places_find(struct places *places, const struct places_wanted *wanted, struct message *error);

/* The same of given interfaces. False without memory. */
bool places_choose(struct places *places, const struct places_wanted *wanted,
                   const struct ifaddrs *interfaces);

/* Frees what they found. */
void places_free(struct places *places);

#endif
