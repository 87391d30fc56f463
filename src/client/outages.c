/* SPDX-License-Identifier: MIT */
#include "client/outages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(struct outages *outages)
{
    if (!outages->list)
        outages->list = calloc(OUTAGES_MAX, sizeof(struct outage));
    if (outages->list && outages->count < OUTAGES_MAX)
        outages->list[outages->count++] = outages->current;
    else
        outages->not_kept++;
}

static unsigned add_loss(struct outages *outages, const struct outages_result *result)
{
    unsigned change = outages->outcome == result->outcome ? 0 : OUTAGES_CLASS;

    if (!outages->is_down) {
        outages->current = (struct outage){
            .sequence = result->sequence, .from_ns = result->sent_ns, .before = outages->last};
        change = OUTAGES_DOWN;
    }
    outages->is_down = true;
    outages->current.lost++;
    outages->current.losses[result->outcome]++;
    return change;
}

static unsigned note_answerer(struct outages *outages, const struct outages_result *result)
{
    struct outages_answerer *last = &outages->last;
    unsigned change = 0;

    if (last->peer.length > 0) {
        change |= strcmp(last->who, result->who) != 0 ? OUTAGES_WHO : 0;
        change |= !address_equal(&last->peer, &result->peer) ? OUTAGES_ADDRESS : 0;
    }
    snprintf(last->who, sizeof(last->who), "%s", result->who);
    last->peer = result->peer;
    return change;
}

static unsigned add_answer(struct outages *outages, const struct outages_result *result)
{
    unsigned change = note_answerer(outages, result);

    if (!outages->is_down)
        return change;
    outages->is_down = false;
    outages->current.to_ns = result->sent_ns;
    outages->current.after = outages->last;
    outages->total_ns += outage_length(&outages->current, result->sent_ns);
    keep(outages);
    return change | OUTAGES_UP;
}

unsigned outages_add(struct outages *outages, const struct outages_result *result)
{
    unsigned change = outages->first_ns ? 0 : OUTAGES_FIRST;

    if (change & OUTAGES_FIRST)
        outages->first_ns = result->sent_ns;
    outages->outcome_before = outages->outcome;
    outages->before = outages->last;
    if (result->outcome == OUTCOME_ANSWERED)
        change |= add_answer(outages, result);
    else
        change |= add_loss(outages, result);
    outages->outcome = result->outcome;
    return change;
}

int64_t outage_length(const struct outage *outage, int64_t now_ns)
{
    return (outage->to_ns ? outage->to_ns : now_ns) - outage->from_ns;
}

uint64_t outages_number(const struct outages *outages)
{
    return outages->count + outages->not_kept + (outages->is_down ? 1 : 0);
}

int64_t outages_total(const struct outages *outages, int64_t now_ns)
{
    return outages->total_ns + (outages->is_down ? outage_length(&outages->current, now_ns) : 0);
}

void outages_free(struct outages *outages)
{
    free(outages->list);
    *outages = (struct outages){0};
}
