/* SPDX-License-Identifier: MIT */
/* peer: the addresses of a client and of the server that it reached, in few bytes. */
#ifndef SOCKGREET_PEER_H
#define SOCKGREET_PEER_H

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

/* An address without its padding; for a Unix client its credentials. */
struct peer_address {
    uint8_t family; /* AF_UNSPEC: not known */
    uint8_t zero;   /* so that addresses can be compared and hashed as bytes */
    uint16_t port;  /* host byte order */
    union {
        uint32_t scope; /* IPv6 */
        uint32_t pid;   /* Unix */
    };
    union {
        uint8_t ip[16];
        struct {
            uint32_t uid, gid; /* Unix */
        };
    };
};

struct peer {
    struct peer_address client, server;
    struct peer_address via; /* the proxy that the client came through; AF_UNSPEC: none */
};

static inline bool peer_is_proxied(const struct peer *peer)
{
    return peer->via.family != AF_UNSPEC;
}

/* Packs an IP address (mapped ones as IPv4); of a Unix address only its family. */
void peer_pack(struct peer_address *packed, const struct address *address);

/* Unpacks an IP address. */
void peer_unpack(const struct peer_address *packed, struct address *address);

/* The host alone (address_host()); "uid 1000" for a Unix client. */
void peer_host(const struct peer_address *packed, char text[ADDRESS_TEXT_MAX]);

#endif
