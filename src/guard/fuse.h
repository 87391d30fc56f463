/* SPDX-License-Identifier: MIT */
/* fuse: ends conversations of two services that answer each other for ever.
 *
 * Such a loop holds a fixed number of packets, and each answer that is not sent takes one out of it (Loop
 * DoS, CVE-2024-2169). So of the answers in a row to one address and port now and then one is not sent. A
 * service has its port below those that clients are given, so only these are counted. */
#ifndef SOCKGREET_FUSE_H
#define SOCKGREET_FUSE_H

#include "base/peer.h"
#include "guard/table.h"

#include <stdbool.h>

#define FUSE_PORTS  32768 /* from here on ports are given to clients (Linux, ip_local_port_range) */
#define FUSE_FIRST  31    /* the answer in a row that is not sent */
#define FUSE_PERIOD 256   /* after it every so manieth, for those who are clients all the same */
#define FUSE_PAUSE  2     /* seconds that end a row */

/* Whether this client may be answered. */
bool fuse_allows(const struct table *table, const struct peer_address *client, int64_t now_ns);

#endif
