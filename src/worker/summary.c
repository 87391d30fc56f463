/* SPDX-License-Identifier: MIT */
#include "worker/summary.h"

#include "base/util.h"
#include "log/message_ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

/* Adds what a counter has grown by. */
static void hand_over(_Atomic uint64_t *unreported, _Atomic uint64_t *handed_over, uint64_t counter)
{
    uint64_t before = atomic_exchange(handed_over, counter);

    if (counter != before)
        atomic_fetch_add(unreported, counter - before);
}

void summary_hand_over(const struct conf *conf, const struct shared *shared, unsigned worker)
{
    struct shared_counts *unreported = &shared->service->unreported;
    struct shared_counts *handed_over = &shared_logger(shared, worker)->handed_over;
    struct totals totals = {0};

    shared_sum_worker(shared, worker, &totals);
    if (conf->log_greetings != CONF_GREETINGS_OFF)
        hand_over(&unreported->summarised, &handed_over->summarised, totals.summarised);
    hand_over(&unreported->dropped, &handed_over->dropped, totals.dropped);
    hand_over(&unreported->abandoned, &handed_over->abandoned, totals.clients.abandoned);
}

bool summary_take_turn(const struct conf *conf, struct shared_service *service, int64_t *since, int64_t now)
{
    int64_t interval = conf->log_summary_interval_ns;

    *since = atomic_load(&service->reported_at);
    /* Loggers wake up at different times: slightly early is better than one wake-up later. A time in the
     * future is forged. */
    if (*since <= now && *since > now - interval + interval / 4)
        return false;
    return atomic_compare_exchange_strong(&service->reported_at, since, now);
}

static void say(_Atomic uint64_t *unreported, summary_write *write, int level, const char *message_id,
                const char *before, const char *const nouns[2], const char *after)
{
    uint64_t count = atomic_exchange(unreported, 0);
    char message[256];

    if (count == 0)
        return;
    snprintf(message, sizeof(message), "%s%" PRIu64 " %s%s", before, count, nouns[count != 1], after);
    if (!write(level, message_id, count, message))
        atomic_fetch_add(unreported, count);
}

void summary_report(struct shared_counts *unreported, bool each, double seconds, summary_write *write)
{
    static const char *const clients[] = {"client", "clients"},
                             *const more[] = {"more client", "more clients"},
                             *const entries[] = {"log entry", "log entries"};
    char served[96];

    snprintf(served, sizeof(served), " in %.1f s, not logged one by one", seconds);
    say(&unreported->summarised, write, LOG_INFO, MESSAGE_SUMMARY, "Served ", each ? more : clients, served);
    say(&unreported->dropped, write, LOG_WARNING, MESSAGE_DROPPED, "", entries,
        " about clients dropped: not accepted by the log");
    say(&unreported->abandoned, write, LOG_WARNING, MESSAGE_ABANDONED, "", clients,
        " lost with a worker that was killed");
}

void summary_report_refused(const struct talkers *refused, bool dry_run, summary_write *write)
{
    const struct talker *loudest = talkers_top(refused);
    char host[ADDRESS_TEXT_MAX] = "an unknown source", message[ADDRESS_TEXT_MAX + 128];

    if (loudest)
        peer_host(&loudest->source, host);
    snprintf(message, sizeof(message), "%s %" PRIu64 " client%s over a limit, %" PRIu64 " of them from %s",
             dry_run ? "Would have refused" : "Refused", refused->count, plural(refused->count),
             loudest ? loudest->count : 0, host);
    write(LOG_WARNING, MESSAGE_REFUSED, refused->count, message);
}
