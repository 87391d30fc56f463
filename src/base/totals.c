/* SPDX-License-Identifier: MIT */
#include "base/totals.h"

#include <inttypes.h>
#include <stdio.h>

void tally_add(struct tally *tally, const struct tally *other)
{
    for (int i = 0; i < RESULT_COUNT; i++)
        tally->results[i] += other->results[i];
#define TALLY_ADD(member, text) tally->member += other->member;
    COUNTERS(TALLY_ADD, COUNTER_NONE)
}

void totals_add(struct totals *totals, const struct totals *other)
{
    tally_add(&totals->clients, &other->clients);
#define TOTALS_ADD(member, text) totals->member += other->member;
    COUNTERS(COUNTER_NONE, TOTALS_ADD)
    for (int i = 0; i < TIMES; i++)
        totals->times[i] += other->times[i];
}

static uint64_t sum(const struct tally *tally, bool refusals_alone)
{
    uint64_t count = 0;

    for (enum result i = 0; i < RESULT_COUNT; i++)
        if (!refusals_alone || result_is_refusal(i))
            count += tally->results[i];
    return count;
}

uint64_t tally_served(const struct tally *tally)
{
    return sum(tally, false);
}

uint64_t tally_refused(const struct tally *tally)
{
    return sum(tally, true);
}

uint64_t totals_served(const struct totals *totals)
{
    return tally_served(&totals->clients);
}

uint64_t tally_connections(const struct tally *tally)
{
    uint64_t gone = tally_served(tally) + tally->abandoned;

    return tally->taken > gone ? tally->taken - gone : 0;
}

void totals_text(const struct totals *totals, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");

    text[0] = '\0';
    if (!out)
        return;
    fprintf(out, "served=%" PRIu64, totals_served(totals));
    for (enum result i = 0; i < RESULT_COUNT; i++)
        fprintf(out, " %s=%" PRIu64, result_name(i), totals->clients.results[i]);
#define CLIENTS_PRINT(member, text) fprintf(out, " %s=%" PRIu64, #member, totals->clients.member);
#define TOTALS_PRINT(member, text)  fprintf(out, " %s=%" PRIu64, #member, totals->member);
    COUNTERS(CLIENTS_PRINT, TOTALS_PRINT)
    fclose(out);
    text[size - 1] = '\0';
}
