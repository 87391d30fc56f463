/* SPDX-License-Identifier: MIT */
/* interfaces: the names of network interfaces, as one thread asks for them: the kernel is asked about each
 * once a second at most, so that a new name is soon known. */
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

/* The name of an interface, which stays until the next call; "" if there is none with this index, or index is
 * 0. interfaces begins with zeros. */
const char *interfaces_name(struct interfaces *interfaces, unsigned index, int64_t now_ns);

#endif
