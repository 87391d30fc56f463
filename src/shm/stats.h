/* SPDX-License-Identifier: MIT */
/* stats: the counters of a greeting thread, in shared memory in cache lines of their own; summed on read. */
#ifndef SOCKGREET_STATS_H
#define SOCKGREET_STATS_H

#include "base/totals.h"
#include "base/util.h"

#include <stdatomic.h>
#include <stdint.h>

#define STATS_MEMBER(member, text) _Atomic uint64_t member;

/* Counters of one listener's clients. Those that change for nearly every client are in the first line. */
struct stats_listener {
    _Alignas(CACHE_LINE) COUNTERS(STATS_MEMBER, COUNTER_NONE) _Atomic uint64_t results[RESULT_COUNT];
};

/* Counters of all clients. */
struct stats {
    _Alignas(CACHE_LINE) COUNTERS(COUNTER_NONE, STATS_MEMBER) _Atomic uint64_t times[TIMES];
};

/* Adds to a counter that only the calling thread writes: no locked instruction. */
static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* Adds the counters of one thread, of one listener or of all together, to a sum. */
void stats_sum_listener(struct tally *tally, const struct stats_listener *stats);
void stats_sum(struct totals *totals, const struct stats *stats);

#endif
