/* SPDX-License-Identifier: MIT */
/* greeters: the servers that answered a broadcast; each address once, and the addresses of a server together.
 */
#ifndef SOCKGREET_GREETERS_H
#define SOCKGREET_GREETERS_H

#include "base/address.h"
#include "client/ask/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GREETERS_MAX 4096 /* addresses: a limit on memory, since source addresses can be forged */

/* An address that answered. */
struct greeter {
    struct address address;
    unsigned interface; /* index, of its first answer; 0: not known */
    int64_t ns;         /* from the request to its first answer */
    struct identity identity;
    size_t server; /* the same for all addresses of a server; set by greeters_sort() */
};

struct greeters {
    struct greeter *list;
    size_t count, room;
    size_t servers; /* number of servers; set by greeters_sort() */
    bool more;      /* there were answers from more than GREETERS_MAX addresses */
};

/* Adds an answer unless its address is in the list. False if out of memory. */
bool greeters_add(struct greeters *greeters, const struct greeter *greeter);

/* Sorts them by address, IPv4 first, with the addresses of a server after its first one. */
void greeters_sort(struct greeters *greeters);

/* Frees the list. */
void greeters_free(struct greeters *greeters);

#endif
