/* SPDX-License-Identifier: MIT */
/* record: a greeting thread's report of one client to the logger, in one cache line. */
#ifndef SOCKGREET_RECORD_H
#define SOCKGREET_RECORD_H

#include "base/peer.h"
#include "base/result.h"
#include "base/util.h"

/* Times are kept in 40 bits, which is 12 days in microseconds: see record_set_times(). */
struct record {
    _Alignas(CACHE_LINE) struct peer_address client;
    struct peer_address server;
    uint64_t listener : 15; /* index in the configuration */
    uint64_t proxied : 1;   /* the proxy is in the array beside the ring: see shared_proxies() */
    uint64_t result : 8;    /* enum result */
    uint64_t ended_us : 40;
    uint64_t bytes : 24; /* TEMPLATE_MAX is less */
    uint64_t duration_us : 40;
};

_Static_assert(sizeof(struct record) == CACHE_LINE, "a record is one cache line");

/* Sets when the client came and when it left (monotonic ns); durations that do not fit are cut to the longest
 * that does. */
void record_set_times(struct record *record, int64_t arrived_ns, int64_t ended_ns);

/* Gets when the client came (monotonic ns) and how long it stayed, if it left less than 12 days before
 * now_ns. */
void record_times(const struct record *record, int64_t now_ns, int64_t *arrived_ns, int64_t *duration_ns);

#endif
