/* SPDX-License-Identifier: MIT */
/* fuse: ends loops of two services that answer each other endlessly.
 *
 * Such a loop has a fixed number of packets, and each answer that is not sent removes one (Loop DoS,
 * CVE-2024-2169). So of consecutive answers to one address and port, one is left out now and then. A service
 * has a port below those that the kernel gives to clients, so only answers to these ports are counted. */
#ifndef SOCKGREET_FUSE_H
#define SOCKGREET_FUSE_H

#include "base/peer.h"
#include "guard/table.h"

#include <stdbool.h>

#define FUSE_PORTS  32768 /* ports from here on are given to clients (Linux, ip_local_port_range) */
#define FUSE_FIRST  31    /* the first answer of a run that is not sent */
#define FUSE_PERIOD 256   /* and one in this many after it, since the sender may still be a client */
#define FUSE_PAUSE  2     /* seconds of silence that end a run */

/* Whether this client may be answered. */
bool fuse_allows(const struct table *table, const struct peer_address *client, int64_t now_ns);

#endif
