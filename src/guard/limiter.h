/* SPDX-License-Identifier: MIT */
/* limiter: limits the rate of clients of a source and of its network, for all workers together: the generic
 * cell rate algorithm (ITU-T I.371) over table.h. A client over a limit is refused silently, which does not
 * affect others. */
#ifndef SOCKGREET_LIMITER_H
#define SOCKGREET_LIMITER_H

#include "base/peer.h"
#include "conf/conf.h"
#include "guard/table.h"

#include <stdbool.h>
#include <stdint.h>

struct limit {
    uint32_t interval_us; /* least average time between two clients; 0: no limit */
    uint32_t burst;       /* clients at once after a rest */
};

/* Of a listener. */
struct limits {
    struct limit source; /* each IPv4 address, each IPv6 /64 (each address of a link) */
    struct limit net;    /* each IPv4 /24, each IPv6 /56 */
    uint32_t per_source; /* held at once by each source; 0: no limit */
    bool counts_held;    /* for per_source, or because answers contain the number */
    uint32_t scope;      /* 0: counted together with all listeners without limits of their own */
    bool is_dgram;       /* counted apart from streams: a datagram's source can be forged */
};

/* The limits in a listener's settings. */
struct limits limiter_limits(const struct conf_listener *listener);

enum limiter_verdict { LIMITER_PASS, LIMITER_SOURCE, LIMITER_NET };

/* Counts a client, or returns the limit that it exceeds. A refused client is not counted. */
enum limiter_verdict limiter_take(const struct table *table, const struct limits *limits,
                                  const struct peer_address *client, int64_t now_ns);

/* The hash of the source, for held.h. */
uint64_t limiter_hash_source(const struct table *table, const struct limits *limits,
                             const struct peer_address *client);

#endif
