/* SPDX-License-Identifier: MIT */
#include "master/meter.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>

#define INTERVAL_NS NS_PER_S

static bool tells_metrics(const struct conf *conf)
{
    for (size_t i = 0; i < conf->listener_count; i++)
        if (conf->listeners[i].plan->needs & (PLAN_METRICS | PLAN_TOTALS))
            return true;
    return false;
}

static bool is_wanted(const struct generations *generations)
{
    for (unsigned i = 0; i < generations->count; i++)
        if (tells_metrics(generations->all[i]->conf))
            return true;
    return false;
}

static void sum(struct metrics *metrics, const struct view *view, int64_t now)
{
    const struct generations *generations = view->generations;
    const struct generation *current = view_current(view);

    memset(metrics, 0, sizeof(*metrics));
    metrics->started_ns = view->started_at + view->realtime;
    metrics->summed_ns = now + view->realtime;
    metrics->generation = current ? current->number : generations->last_number;
    metrics->workers = current ? slots_ready(&current->slots) : 0;
    metrics->workers_wanted = current ? current->slots.count : 0;
    metrics->restarts = generations_restarts(generations);
    metrics->reloads = view->reloads;
    metrics->reloads_refused = view->reloads_refused;
    generations_totals(generations, &metrics->totals, &metrics->written);
    generations_sum_listeners(generations);
    metrics->listener_count = ledger_list(&generations->accounts.ledger, metrics->listeners);
}

int64_t meter_step(struct meter *meter, const struct view *view, int64_t now)
{
    if (!is_wanted(view->generations))
        return SLOT_NEVER;
    if (now < meter->due_at)
        return meter->due_at;
    meter->due_at = now + INTERVAL_NS;
    if (!meter->metrics)
        meter->metrics = malloc(metrics_size(METRICS_LISTENERS));
    if (!meter->metrics) /* out of memory: try again later */
        return meter->due_at;
    sum(meter->metrics, view, now);
    snapshot_write(&view->generations->service->metrics, meter->metrics,
                   metrics_size(meter->metrics->listener_count));
    return meter->due_at;
}

void meter_close(struct meter *meter)
{
    free(meter->metrics);
    meter->metrics = NULL;
}
