/* SPDX-License-Identifier: MIT */
/* account: counts every client once, and its log record exactly once as written, summarised or dropped.
 *
 * written + summarised + dropped = served holds whenever the thread is not inside account_result() and the
 * logger has emptied the ring; records that it failed to write count as dropped. If a thread is killed inside
 * account_result(), its successor restores this. */
#ifndef SOCKGREET_ACCOUNT_H
#define SOCKGREET_ACCOUNT_H

#include "shm/log_rate.h"
#include "shm/record.h"
#include "shm/ring.h"
#include "shm/stats.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Where a thread counts the clients of one listener. */
struct account_listener {
    struct stats_listener *stats;
    _Atomic bool *counted; /* set when it has counted any */
};

struct account {
    struct stats *stats;
    struct stats_listener *listeners;
    _Atomic bool *counted; /* by listener */
    size_t listener_count;
    struct ring records;
    struct peer_address *proxies; /* of the records, by their position in the ring */
    struct log_rate_user rate;
    bool each; /* log each greeting, as far as the rate allows */
    _Atomic uint32_t *asleep;
    int wake_fd;
};

/* Repairs what a killed predecessor left half-counted, and counts the clients it was serving as abandoned.
 * Call once, before the thread serves. */
void account_reconcile(struct account *account);

static inline struct account_listener account_listener(const struct account *account, size_t listener)
{
    return (struct account_listener){&account->listeners[listener], &account->counted[listener]};
}

/* Counts n clients (connections or datagrams) that the thread has taken. */
static inline void account_taken(const struct account_listener *listener, uint64_t n)
{
    atomic_store_explicit(listener->counted, true, memory_order_relaxed);
    stats_add(&listener->stats->taken, n);
}

/* Counts the end of a client. Returns a zeroed record with result, bytes and times set, to be completed with
 * account_fill() and passed on with account_publish(); NULL if this client is not logged. Both times are
 * monotonic. */
struct record *account_result(struct account *account, const struct account_listener *listener,
                              enum result result, uint32_t bytes, int64_t arrived_ns, int64_t now_ns);

/* Stores the client's identity in the record. */
void account_fill(const struct account *account, struct record *record, size_t listener,
                  const struct peer *peer);
void account_publish(struct account *account);

#endif
