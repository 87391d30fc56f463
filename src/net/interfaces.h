/* SPDX-License-Identifier: MIT */
/* interfaces: a cache, for one thread, of the names of network interfaces. The kernel is asked for each at
 * most once per second, so that a changed name is soon known. */
#ifndef SOCKGREET_INTERFACES_H
#define SOCKGREET_INTERFACES_H

#include <net/if.h>
#include <stdint.h>

#define INTERFACES_KEPT 16

struct interfaces {
    struct {
        unsigned index; /* 0: none */
        int64_t until;  /* monotonic ns */
        char name[IF_NAMESIZE];
    } kept[INTERFACES_KEPT];
};

/* The name of an interface, valid until the next call; "" if there is none with this index, or index is 0.
 * interfaces is zeroed before the first call. */
const char *interfaces_name(struct interfaces *interfaces, unsigned index, int64_t now_ns);

#endif
