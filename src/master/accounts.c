/* SPDX-License-Identifier: MIT */
#include "master/accounts.h"

#include "base/util.h"
#include "log/log.h"
#include "worker/summary.h"

#include <inttypes.h>
#include <stdio.h>

static void complete_listener(struct tally *clients)
{
    uint64_t known = tally_served(clients) + clients->abandoned;

    if (clients->taken > known)
        clients->abandoned += clients->taken - known;
}

/* What killed workers of the generation left half-counted, which no successor repairs (see
 * account_reconcile()). */
static void complete_totals(struct totals *totals, uint64_t written)
{
    uint64_t served = totals_served(totals), logged = written + totals->summarised + totals->dropped;

    if (served > logged)
        totals->dropped += served - logged;
}

/* Returns what all listeners of the generation counted. */
static struct tally enter_into_ledger(struct ledger *ledger, const struct generation *generation)
{
    size_t count = generation->conf->listener_count;
    struct tally all = {0};

    for (size_t i = 0; i < count; i++) {
        struct tally clients = {0};

        shared_sum_listener(&generation->shared, i, &clients);
        complete_listener(&clients);
        ledger_add(ledger, generation->rows[i], &clients);
        tally_add(&all, &clients);
    }
    ledger_leave(ledger, generation->rows, count);
    return all;
}

/* Logs a count. As an event, because the master must not wait for the log. */
static bool report_count(int level, const char *message_id, uint64_t count, const char *message)
{
    char number[24];

    snprintf(number, sizeof(number), "%" PRIu64, count);
    log_event(level, message_id, LOG_FIELDS("SOCKGREET_COUNT", number), "%s", message);
    return true;
}

static void report_settled(unsigned number, uint64_t dropped, uint64_t abandoned)
{
    char text[128];

    snprintf(text, sizeof(text), "Generation %u ended: %" PRIu64 " log entr%s not written", number, dropped,
             dropped == 1 ? "y" : "ies");
    if (dropped)
        report_count(LOG_WARNING, MESSAGE_DROPPED, dropped, text);
    snprintf(text, sizeof(text), "Generation %u ended: %" PRIu64 " client%s lost with killed workers", number,
             abandoned, plural(abandoned));
    if (abandoned)
        report_count(LOG_WARNING, MESSAGE_ABANDONED, abandoned, text);
}

void accounts_keep(struct accounts *accounts, const struct generation *generation)
{
    struct totals totals = {0};
    uint64_t written = shared_written(&generation->shared), dropped, abandoned;

    shared_sum(&generation->shared, &totals);
    dropped = totals.dropped;
    abandoned = totals.clients.abandoned;
    totals.clients = enter_into_ledger(&accounts->ledger, generation);
    complete_totals(&totals, written);
    totals_add(&accounts->totals, &totals);
    accounts->written += written;
    accounts->restarts += slots_restarts(&generation->slots);
    for (unsigned worker = 0; worker < generation->shared.workers; worker++)
        summary_hand_over(generation->conf, &generation->shared, worker); /* if the worker was killed */
    report_settled(generation->number, totals.dropped - dropped, totals.clients.abandoned - abandoned);
}

void accounts_report_rest(struct shared_service *service)
{
    summary_report(&service->unreported, true,
                   ((double)monotonic_ns() - (double)atomic_load(&service->reported_at)) / NS_PER_S,
                   report_count);
}
