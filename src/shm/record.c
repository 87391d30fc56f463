/* SPDX-License-Identifier: MIT */
#include "shm/record.h"

#include <string.h>

void record_pack(struct record_address *packed, const struct address *address)
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

void record_unpack(const struct record_address *packed, struct address *address)
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
