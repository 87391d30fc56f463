/* SPDX-License-Identifier: MIT */
/* wanted: one endpoint of a listener as it is to be bound, completed with what the kernel knows of it. */
#ifndef SOCKGREET_WANTED_H
#define SOCKGREET_WANTED_H

#include "conf/conf.h"
#include "net/path.h"

struct wanted {
    const struct conf_listener *conf;
    struct conf_endpoint endpoint;
    unsigned interface;       /* index of conf->interface; 0: none is set, or it does not exist */
    struct path_id directory; /* of a Unix path, since a file can have more than one path */
};

/* A dual-stack endpoint becomes 0.0.0.0 if the system has no IPv6; a link-local address gets the index of its
 * interface (ipv6(7)). */
struct wanted wanted_make(const struct conf_listener *conf, const struct conf_endpoint *endpoint);

#endif
