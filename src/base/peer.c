/* SPDX-License-Identifier: MIT */
#include "base/peer.h"

#include <stdio.h>
#include <string.h>

void peer_pack(struct peer_address *packed, const struct address *address)
{
    struct address plain = *address;

    memset(packed, 0, sizeof(*packed));
    address_unmap(&plain);
    packed->family = (uint8_t)plain.sa.sa_family;
    packed->port = (uint16_t)address_port(&plain);
    if (plain.sa.sa_family == AF_INET)
        memcpy(packed->ip, &plain.in.sin_addr, sizeof(plain.in.sin_addr));
    if (plain.sa.sa_family == AF_INET6) {
        memcpy(packed->ip, &plain.in6.sin6_addr, sizeof(plain.in6.sin6_addr));
        packed->scope = plain.in6.sin6_scope_id;
    }
}

void peer_unpack(const struct peer_address *packed, struct address *address)
{
    memset(address, 0, sizeof(*address));
    address->sa.sa_family = packed->family;
    if (packed->family == AF_INET) {
        address->length = sizeof(address->in);
        memcpy(&address->in.sin_addr, packed->ip, sizeof(address->in.sin_addr));
    } else if (packed->family == AF_INET6) {
        address->length = sizeof(address->in6);
        memcpy(&address->in6.sin6_addr, packed->ip, sizeof(address->in6.sin6_addr));
        address->in6.sin6_scope_id = packed->scope;
    }
    address_set_port(address, packed->port);
}

void peer_host(const struct peer_address *packed, char text[ADDRESS_TEXT_MAX])
{
    struct address address;

    if (packed->family == AF_UNIX) {
        snprintf(text, ADDRESS_TEXT_MAX, "uid %u", packed->uid);
        return;
    }
    peer_unpack(packed, &address);
    address_host(&address, text, ADDRESS_TEXT_MAX);
}
