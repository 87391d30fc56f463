/* SPDX-License-Identifier: MIT */
#include "serve/account.h"

#include "log/log.h"

#include <string.h>

/* Counts the clients of a listener that have no result as abandoned. Returns how many have one. */
static uint64_t reconcile_listener(struct stats_listener *listener)
{
    struct tally tally = {0};
    uint64_t served, known;

    stats_sum_listener(&tally, listener);
    served = tally_served(&tally);
    known = served + tally.abandoned;
    if (tally.taken > known)
        stats_add(&listener->abandoned, tally.taken - known);
    return served;
}

void account_reconcile(struct account *account)
{
    struct totals totals = {0};
    uint64_t served = 0, logged;

    for (size_t i = 0; i < account->listener_count; i++)
        if (atomic_load_explicit(&account->counted[i], memory_order_relaxed))
            served += reconcile_listener(&account->listeners[i]);
    stats_sum(&totals, account->stats);
    logged = ring_published(&account->records) + totals.summarised + totals.dropped;
    if (served > logged)
        stats_add(&account->stats->dropped, served - logged);
}

struct record *account_result(struct account *account, const struct account_listener *listener,
                              enum result result, uint32_t bytes, int64_t arrived_ns, int64_t now_ns)
{
    struct stats *stats = account->stats;
    struct record *record;

    stats_add(&listener->stats->results[result], 1);
    stats_add(&listener->stats->bytes, bytes);
    if (!account->each || !log_rate_take(&account->rate, now_ns)) {
        stats_add(&stats->summarised, 1);
        return NULL;
    }
    record = ring_reserve(&account->records);
    if (!record) {
        stats_add(&stats->dropped, 1);
        return NULL;
    }
    memset(record, 0, sizeof(*record));
    record->result = (uint8_t)result;
    record->bytes = bytes & 0xffffff;
    record_set_times(record, arrived_ns, now_ns);
    return record;
}

void account_fill(const struct account *account, struct record *record, size_t listener,
                  const struct peer *peer)
{
    record->listener = listener & 0x7fff;
    record->client = peer->client;
    record->server = peer->server;
    if (peer_is_proxied(peer)) {
        record->proxied = true;
        account->proxies[ring_index(&account->records, record)] = peer->via;
    }
}

void account_publish(struct account *account)
{
    ring_publish(&account->records);
    log_wake(account->asleep, account->wake_fd);
}
