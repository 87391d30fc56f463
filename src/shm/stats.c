/* SPDX-License-Identifier: MIT */
#include "shm/stats.h"

#include <inttypes.h>
#include <stdio.h>

const char *result_name(enum result result)
{
#define RESULT_NAME(id, name) [RESULT_##id] = name,
    static const char *const names[RESULT_COUNT] = {RESULTS(RESULT_NAME)};
    return names[result];
}

void stats_sum(struct stats_totals *totals, const struct stats *stats)
{
    for (int i = 0; i < RESULT_COUNT; i++)
        totals->results[i] += atomic_load_explicit(&stats->results[i], memory_order_relaxed);
#define COUNTER_SUM(member, text) \
    totals->member += atomic_load_explicit(&stats->member, memory_order_relaxed);
    COUNTERS(COUNTER_SUM)
}

void stats_add_totals(struct stats_totals *totals, const struct stats_totals *other)
{
    for (int i = 0; i < RESULT_COUNT; i++)
        totals->results[i] += other->results[i];
#define COUNTER_ADD(member, text) totals->member += other->member;
    COUNTERS(COUNTER_ADD)
}

uint64_t stats_served(const struct stats_totals *totals)
{
    uint64_t served = 0;

    for (int i = 0; i < RESULT_COUNT; i++)
        served += totals->results[i];
    return served;
}

void stats_text(const struct stats_totals *totals, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");

    text[0] = '\0';
    if (!out)
        return;
    fprintf(out, "served=%" PRIu64, stats_served(totals));
    for (int i = 0; i < RESULT_COUNT; i++)
        fprintf(out, " %s=%" PRIu64, result_name((enum result)i), totals->results[i]);
#define COUNTER_PRINT(member, text) fprintf(out, " %s=%" PRIu64, #member, totals->member);
    COUNTERS(COUNTER_PRINT)
    fclose(out);
    text[size - 1] = '\0';
}
