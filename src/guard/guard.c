/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

#include "base/util.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>

#define HAND_OVER_NS (NS_PER_S / 2)
#define ATTEMPTS     1000

/* Separate, so that entries of one cannot displace those of the other. */
static struct table half(struct shared_sources *sources, unsigned which)
{
    size_t count = ARRAY_SIZE(sources->words) / 2;

    return (struct table){
        .words = sources->words + which * count, .count = count, .key = {{sources->key[0], sources->key[1]}}};
}

static struct held held_by(const struct shared *shared, unsigned worker)
{
    return (struct held){
        .all = shared->held, .cells = shared->held_cells, .workers = shared->workers, .own = worker};
}

size_t guard_held_cells(const struct conf *conf)
{
    for (size_t i = 0; i < conf->listener_count; i++)
        if (limiter_limits(&conf->listeners[i]).counts_held)
            return held_cells(conf->connections);
    return 0;
}

void guard_begin(const struct shared *shared, unsigned worker)
{
    const struct held held = held_by(shared, worker);

    if (held.cells && shared_has_counted(shared, worker))
        held_begin(&held);
}

int guard_open(struct guard *guard, const struct conf *conf, const struct shared *shared, unsigned worker,
               struct stats *stats)
{
    struct shared_service *service = shared->service;

    guard->loops = half(&service->sources, 0);
    guard->rates = half(&service->sources, 1);
    guard->held = held_by(shared, worker);
    guard->conf = conf;
    guard->stats = stats;
    guard->board = &service->refused;
    guard->limits = calloc(conf->listener_count, sizeof(*guard->limits));
    if (!guard->limits)
        return -ENOMEM;
    for (size_t i = 0; i < conf->listener_count; i++)
        guard->limits[i] = limiter_limits(&conf->listeners[i]);
    return 0;
}

void guard_close(struct guard *guard)
{
    free(guard->limits);
    guard->limits = NULL;
}

bool guard_is_needed(const struct guard *guard, size_t listener)
{
    const struct limits *limits = &guard->limits[listener];

    return limits->source.interval_us || limits->net.interval_us || limits->counts_held ||
           guard->conf->listeners[listener].access.prefixes;
}

/* Under load there is always something to hand over, so it is done only now and then. */
void guard_beat(struct guard *guard, int64_t now_ns)
{
    if (now_ns - guard->refused_since >= HAND_OVER_NS)
        talkers_hand_over(&guard->refused, guard->board, now_ns);
}

/* All threads end at the same moment, and none of them uses the board for long. */
void guard_finish(struct guard *guard, int64_t now_ns)
{
    for (int i = 0; i < ATTEMPTS && guard->refused.count > 0; i++)
        if (!talkers_hand_over(&guard->refused, guard->board, now_ns))
            sched_yield();
}

/* A client over a limit: counted, and noted for the log. */
static enum result refuse(struct guard *guard, const struct peer_address *client, int64_t now_ns,
                          enum result result)
{
    if (guard->refused.count == 0)
        guard->refused_since = now_ns;
    talkers_add(&guard->refused, client, 1);
    guard_beat(guard, now_ns);
    if (!guard->conf->dry_run)
        return result;
    stats_add(&guard->stats->spared, 1);
    return RESULT_SENT;
}

enum result guard_admit(struct guard *guard, size_t listener, const struct peer_address *client,
                        int64_t now_ns)
{
    switch (limiter_take(&guard->rates, &guard->limits[listener], client, now_ns)) {
    case LIMITER_SOURCE:
        return refuse(guard, client, now_ns, RESULT_RATE_LIMITED);
    case LIMITER_NET:
        return refuse(guard, client, now_ns, RESULT_NET_LIMITED);
    case LIMITER_PASS:
        break;
    }
    return RESULT_SENT;
}

/* Of the source, but never 0. */
static uint64_t hash_source(const struct guard *guard, size_t listener, const struct peer_address *client)
{
    return limiter_hash_source(&guard->rates, &guard->limits[listener], client) | 1;
}

enum result guard_hold(struct guard *guard, size_t listener, const struct peer_address *client,
                       int64_t now_ns, uint64_t *held)
{
    const struct limits *limits = &guard->limits[listener];
    unsigned most = limits->per_source ? limits->per_source : UINT_MAX;
    uint64_t hash = limits->counts_held ? hash_source(guard, listener, client) : 0;

    *held = hash && held_take(&guard->held, hash, most) ? hash : 0;
    return *held || !limits->per_source ? RESULT_SENT : refuse(guard, client, now_ns, RESULT_SOURCE_FULL);
}

unsigned guard_held(const struct guard *guard, size_t listener, const struct peer_address *client,
                    uint64_t held)
{
    return held_count(&guard->held, held ? held : hash_source(guard, listener, client));
}

void guard_let_go(const struct guard *guard, uint64_t held)
{
    held_give_back(&guard->held, held);
}
