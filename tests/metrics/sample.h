/* SPDX-License-Identifier: MIT */
/* sample: metrics in which every number is another one. */
#ifndef SOCKGREET_TEST_SAMPLE_H
#define SOCKGREET_TEST_SAMPLE_H

#include "service/metrics.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE_LISTENERS 3

static inline void sample_fill_clients(struct tally *clients, uint64_t first)
{
    for (int i = 0; i < RESULT_COUNT; i++)
        clients->results[i] = first + (uint64_t)i;
    clients->bytes = first * 26;
    clients->abandoned = 2;
    clients->taken = tally_served(clients) + clients->abandoned + 5;
}

static inline void sample_fill_times(struct totals *totals)
{
    for (unsigned i = 0; i < TIMES; i++)
        totals->times[i] = 100 - i;
}

/* The caller frees it; NULL without memory. */
static inline struct metrics *sample_new(void)
{
    static const struct metrics_listener listeners[SAMPLE_LISTENERS] = {
        {.name = METRICS_GONE, .transport = TRANSPORT_COUNT},
        {.name = "tcp", .transport = TRANSPORT_TCP},
        {.name = "local-2", .transport = TRANSPORT_UNIX_DGRAM}};
    struct metrics *metrics = calloc(1, metrics_size(SAMPLE_LISTENERS));

    if (!metrics)
        return NULL;
    metrics->started_ns = INT64_C(1700000000123456789);
    metrics->summed_ns = INT64_C(1700000100007000000);
    metrics->generation = 4;
    metrics->workers = 1;
    metrics->workers_wanted = 2;
    metrics->restarts = 6;
    metrics->reloads = 3;
    metrics->reloads_refused = 7;
    metrics->written = 8;
    metrics->state = (struct state){.word = STATE_DRAIN, .weight = 105, .reason = "a move"};
    metrics->totals.summarised = 9;
    metrics->totals.dropped = 10;
    metrics->totals.spared = 11;
    metrics->totals.accept_pauses = 12;
    sample_fill_times(&metrics->totals);
    metrics->listener_count = SAMPLE_LISTENERS;
    memcpy(metrics->listeners, listeners, sizeof(listeners));
    for (size_t i = 0; i < SAMPLE_LISTENERS; i++) {
        sample_fill_clients(&metrics->listeners[i].clients, 1000 * (i + 1));
        tally_add(&metrics->totals.clients, &metrics->listeners[i].clients);
    }
    return metrics;
}

#endif
