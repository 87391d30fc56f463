/* SPDX-License-Identifier: MIT */
/* What the master says about itself: STATUS=, the status file, the counters. */
#include "base/util.h"
#include "log/log.h"
#include "master/master_internal.h"
#include "system/notify.h"
#include "system/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REFRESH_NS (5 * NS_PER_S)
#define RETRY_NS   (100 * NS_PER_MS) /* to tell the service manager what it waits for */

static void add_generation(const struct generation *generation, struct stats_totals *totals,
                           uint64_t *written)
{
    if (!generation)
        return;
    shared_sum(&generation->shared, totals);
    *written += shared_written(&generation->shared);
}

void status_totals(const struct master *master, struct stats_totals *totals, uint64_t *written)
{
    *totals = master->retired;
    *written = master->retired_written;
    add_generation(master->serving, totals, written);
    add_generation(master->starting, totals, written);
    for (unsigned i = 0; i < master->draining_count; i++)
        add_generation(master->draining[i], totals, written);
}

/* What killed workers of the generation left half-counted, which no successor repairs (see
 * account_reconcile()). */
static void settle_accounts(struct stats_totals *totals, uint64_t written)
{
    uint64_t served = stats_served(totals), logged = written + totals->summarised + totals->dropped;

    if (served > logged)
        totals->dropped += served - logged;
    if (totals->taken > served + totals->abandoned)
        totals->abandoned += totals->taken - served - totals->abandoned;
}

void status_retire(struct master *master, const struct generation *generation)
{
    struct stats_totals totals = {0};
    uint64_t written = 0, dropped, abandoned;

    add_generation(generation, &totals, &written);
    dropped = totals.dropped;
    abandoned = totals.abandoned;
    settle_accounts(&totals, written);
    stats_add_totals(&master->retired, &totals);
    master->retired_written += written;
    master->retired_restarts += slots_restarts(&generation->slots);
    if (totals.dropped > dropped || totals.abandoned > abandoned)
        log_event(LOG_WARNING, MESSAGE_DROPPED, NULL,
                  "Generation %u ended with %" PRIu64 " log entries unwritten and %" PRIu64
                  " clients in killed hands",
                  generation->number, totals.dropped - dropped, totals.abandoned - abandoned);
}

static const char *state_word(const struct master *master)
{
    if (master->upgrade.done)
        return "replaced, draining";
    if (master->stop == STOP_DELAY)
        return "stopping soon";
    if (master->stop == STOP_DRAIN)
        return "draining";
    if (master->reload.running)
        return "reloading";
    return master->serving ? "serving" : "starting";
}

static double served_per_second(struct master *master, uint64_t served, int64_t now)
{
    double seconds = (double)(now - master->rate_at) / NS_PER_S;
    double rate = master->rate_at && seconds > 0 ? (double)(served - master->rate_served) / seconds : 0;

    master->rate_served = served;
    master->rate_at = now;
    return rate;
}

/* What is not as it should be, and who is on the way out. */
static void compose_more(const struct master *master, unsigned finishing, struct message *more)
{
    struct message trouble = {0};
    unsigned down = master->serving ? sockets_down(&master->serving->sockets, &trouble) : 0;

    more->text[0] = '\0';
    if (finishing)
        message_add(more, ", %u finishing", finishing);
    if (down)
        message_add(more, "; %u listeners down (%s)", down, trouble.text);
    if (master->unwanted.text[0])
        message_add(more, "; %s", master->unwanted.text);
}

static void compose(struct master *master, char *text, size_t size, int64_t now)
{
    const struct generation *generation = master->serving ? master->serving : master->starting;
    struct stats_totals totals;
    unsigned alive = 0, wanted = 0, finishing = 0, restarts = master->retired_restarts;
    struct message more;
    uint64_t written, served;

    status_totals(master, &totals, &written);
    served = stats_served(&totals);
    if (generation) {
        alive = slots_ready(&generation->slots);
        wanted = generation->slots.count;
        restarts += slots_restarts(&generation->slots);
    }
    for (unsigned i = 0; i < master->draining_count; i++)
        finishing += slots_alive(&master->draining[i]->slots);
    compose_more(master, finishing, &more);
    snprintf(text, size,
             "%s%s%sGeneration %u %s: %u of %u workers, %" PRIu64 " greeted (%.0f/s), %u restarts%s%s%s",
             master->degraded[0] ? "CONFIGURATION REFUSED, serving the last good one (" : "",
             master->degraded, master->degraded[0] ? "). " : "",
             generation ? generation->number : master->last_number, state_word(master), alive, wanted, served,
             served_per_second(master, served, now), restarts, more.text,
             master->last_failure[0] ? "; last failure: " : "", master->last_failure);
}

static void tell_ready(struct master *master, int64_t now)
{
    master->ready_untold = !notify_ready(master->status);
    if (master->ready_untold)
        master->status_at = now + RETRY_NS;
}

void status_update(struct master *master, int64_t now)
{
    char text[sizeof(master->status)];

    master->status_at = now + REFRESH_NS;
    compose(master, text, sizeof(text), now);
    if (master->ready_untold)
        tell_ready(master, now);
    if (strcmp(text, master->status) == 0)
        return;
    memcpy(master->status, text, sizeof(text));
    notify_status(text);
    runtime_write(PROTOCOL_STATUS, text);
}

void status_log_counters(const struct master *master)
{
    struct stats_totals totals;
    char text[512];
    uint64_t written;

    status_totals(master, &totals, &written);
    stats_text(&totals, text, sizeof(text));
    log_event(LOG_NOTICE, MESSAGE_COUNTERS, NULL, "Counters: %s written=%" PRIu64, text, written);
}

void status_ready(struct master *master, int64_t now)
{
    status_update(master, now);
    tell_ready(master, now);
}
