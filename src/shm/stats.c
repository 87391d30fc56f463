/* SPDX-License-Identifier: MIT */
#include "shm/stats.h"

static uint64_t value(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void stats_sum_listener(struct tally *tally, const struct stats_listener *stats)
{
    for (int i = 0; i < RESULT_COUNT; i++)
        tally->results[i] += value(&stats->results[i]);
#define LISTENER_SUM(member, text) tally->member += value(&stats->member);
    COUNTERS(LISTENER_SUM, COUNTER_NONE)
}

void stats_sum(struct totals *totals, const struct stats *stats)
{
#define THREAD_SUM(member, text) totals->member += value(&stats->member);
    COUNTERS(COUNTER_NONE, THREAD_SUM)
    for (int i = 0; i < TIMES; i++)
        totals->times[i] += value(&stats->times[i]);
}
