/* SPDX-License-Identifier: MIT */
/* account: every client is counted once, and its log record written, summarised or dropped exactly once.
 *
 * written + summarised + dropped = served holds at every moment a thread is not inside account_result() and
 * the logger has written what is in the ring, or failed to, which counts as dropped. The successor of a
 * thread that was killed there makes it hold again. */
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
    _Atomic bool *counted; /* whether it has */
};

struct account {
    struct stats *stats;
    struct stats_listener *listeners;
    _Atomic bool *counted; /* by listener */
    size_t listener_count;
    struct ring records;
    struct peer_address *proxies; /* of records, by their place */
    struct log_rate_user rate;
    bool each; /* write greetings one by one, as far as the rate allows */
    _Atomic uint32_t *asleep;
    int wake_fd;
};

/* Repairs what a killed predecessor left half-counted, and counts the clients it had in its hands as
 * abandoned. Call once, before the thread serves. */
void account_reconcile(struct account *account);

static inline struct account_listener account_listener(const struct account *account, size_t listener)
{
    return (struct account_listener){&account->listeners[listener], &account->counted[listener]};
}

/* A client (or n datagrams) came into this thread's hands. */
static inline void account_taken(const struct account_listener *listener, uint64_t n)
{
    atomic_store_explicit(listener->counted, true, memory_order_relaxed);
    stats_add(&listener->stats->taken, n);
}

/* Counts one client's end. Returns a zeroed record, with result, bytes and times set, to fill and to pass on
 * with account_publish(), or NULL if this one is not written. Both times are monotonic: when the client came,
 * and now. */
struct record *account_result(struct account *account, const struct account_listener *listener,
                              enum result result, uint32_t bytes, int64_t arrived_ns, int64_t now_ns);

/* Writes down who the client is. */
void account_fill(const struct account *account, struct record *record, size_t listener,
                  const struct peer *peer);
void account_publish(struct account *account);

#endif
