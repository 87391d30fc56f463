/* SPDX-License-Identifier: MIT */
/* record: what a greeting thread tells the logger about one client, in one cache line. */
#ifndef SOCKGREET_RECORD_H
#define SOCKGREET_RECORD_H

#include "base/address.h"
#include "base/util.h"
#include "shm/stats.h"

/* An address without its padding; for a Unix client its credentials. */
struct record_address {
    uint8_t family; /* AF_UNSPEC: not known */
    uint16_t port;  /* host byte order */
    union {
        uint32_t scope; /* IPv6 */
        uint32_t pid;   /* Unix */
    };
    union {
        uint8_t ip[16];
        uint32_t uid; /* Unix */
    };
};

struct record {
    _Alignas(CACHE_LINE) uint32_t bytes;
    uint16_t listener; /* index in the configuration */
    uint8_t result;    /* enum result */
    struct record_address client;
    struct record_address server;
};

_Static_assert(sizeof(struct record) == CACHE_LINE, "a record is one cache line");

/* Packs an IP address (mapped ones as IPv4); a Unix address only leaves its family. */
void record_pack(struct record_address *packed, const struct address *address);

/* Unpacks an IP address. */
void record_unpack(const struct record_address *packed, struct address *address);

#endif
