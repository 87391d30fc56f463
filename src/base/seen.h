/* SPDX-License-Identifier: MIT */
/* seen: what is known about a client's connection, from its packets and from its proxy. */
#ifndef SOCKGREET_SEEN_H
#define SOCKGREET_SEEN_H

#include "base/peer.h"
#include "base/proxy_header.h"

#include <stdbool.h>
#include <stdint.h>

#define SEEN_OPTIONS_MAX \
    40 /* bytes of TCP options (RFC 9293, section 3.1), and so of their letters at most */

enum seen_what {
    SEEN_TTL = 1 << 0, /* and dscp, ecn */
    SEEN_FLOW = 1 << 1,
    SEEN_MSS = 1 << 2,
    SEEN_SCALE = 1 << 3,
    SEEN_SYN = 1 << 4, /* to, options, asks_ecn */
    SEEN_RTT = 1 << 5,
    SEEN_MTU = 1 << 6,
    SEEN_STAMP = 1 << 7,
    SEEN_SILENCE = 1 << 8, /* it has sent nothing */
};

struct seen {
    struct peer_address to; /* if SEEN_SYN: where its SYN went, without a scope */
    struct peer_address
        asked; /* from a proxy: the address that its client connected to; AF_UNSPEC: not known */
    struct proxy_text authority;        /* the same, as a name */
    struct proxy_text unique_id;        /* the proxy's ID of the connection */
    unsigned interface;                 /* index of the interface that it arrived on; 0: not known */
    uint16_t what;                      /* enum seen_what: which of the other members are known */
    uint8_t ttl;                        /* hop limit on arrival */
    uint8_t dscp, ecn;                  /* RFC 2474 and RFC 3168, section 5 */
    uint8_t window_scale;               /* RFC 7323, section 2.2 */
    bool asks_ecn;                      /* a SYN with ECE and CWR (RFC 3168, section 6.1.1) */
    uint16_t mss;                       /* RFC 9293, section 3.7.1 */
    uint32_t flow_label;                /* RFC 6437 */
    uint32_t rtt_us;                    /* of the handshake, as the kernel measured it */
    uint32_t path_mtu;                  /* towards the client, as the kernel knows it */
    int64_t stamp;                      /* when the kernel got it, in ns since 1970 */
    char options[SEEN_OPTIONS_MAX + 1]; /* a letter for each TCP option in its order, see observe.c */
};

/* Marks everything as unknown; the other members stay uninitialised. */
static inline void seen_begin(struct seen *seen)
{
    seen->what = 0;
    seen->interface = 0;
    seen->asked.family = AF_UNSPEC;
    seen->authority.length = 0;
    seen->unique_id.length = 0;
}

/* The number of hops of a packet, assuming that it began with the lowest usual hop limit (64, 128 or 255)
 * that is not below ttl. */
static inline unsigned seen_hops(uint8_t ttl)
{
    return (ttl <= 64 ? 64u : ttl <= 128 ? 128u : 255u) - ttl;
}

#endif
