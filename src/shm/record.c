/* SPDX-License-Identifier: MIT */
#include "shm/record.h"

#include <string.h>

#define NS_PER_US  1000
#define TIMES_MASK ((UINT64_C(1) << 40) - 1)

void record_set_times(struct record *record, int64_t arrived_ns, int64_t ended_ns)
{
    uint64_t ended = (uint64_t)ended_ns / NS_PER_US, duration = ended - (uint64_t)arrived_ns / NS_PER_US;

    record->ended_us = ended & TIMES_MASK;
    record->duration_us = duration < TIMES_MASK ? duration : TIMES_MASK;
}

void record_times(const struct record *record, int64_t now_ns, int64_t *arrived_ns, int64_t *duration_ns)
{
    uint64_t now = (uint64_t)now_ns / NS_PER_US, ago = (now - record->ended_us) & TIMES_MASK;

    *duration_ns = (int64_t)record->duration_us * NS_PER_US; /* a cast first: 40 bits would overflow */
    *arrived_ns = (int64_t)((now - ago) * NS_PER_US) - *duration_ns;
}

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
