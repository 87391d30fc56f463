/* SPDX-License-Identifier: MIT */
/* stats: what a greeting thread counted, in shared memory in cache lines of its own; summed on read. */
#ifndef SOCKGREET_STATS_H
#define SOCKGREET_STATS_H

#include "base/totals.h"
#include "base/util.h"

#include <stdatomic.h>
#include <stdint.h>

#define STATS_MEMBER(member, text) _Atomic uint64_t member;

/* Of the clients of one listener. What is counted for nearly every client is in the first line. */
struct stats_listener {
    _Alignas(CACHE_LINE) COUNTERS(STATS_MEMBER, COUNTER_NONE) _Atomic uint64_t results[RESULT_COUNT];
};

/* Of all of them. */
struct stats {
    _Alignas(CACHE_LINE) COUNTERS(COUNTER_NONE, STATS_MEMBER) _Atomic uint64_t times[TIMES];
};

/* Adds to a counter that only the calling thread writes: no locked instruction. */
static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* Adds what one thread counted, of one listener or of all together, to a sum. */
void stats_sum_listener(struct tally *tally, const struct stats_listener *stats);
void stats_sum(struct totals *totals, const struct stats *stats);

#endif
