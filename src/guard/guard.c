/* SPDX-License-Identifier: MIT */
#include "guard/guard.h"

#include "base/util.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#define HAND_OVER_NS (NS_PER_S / 2)
#define ATTEMPTS     1000

/* What one remembers cannot push out what the other does. */
static struct table half(struct shared_sources *sources, unsigned which)
{
    size_t count = ARRAY_SIZE(sources->words) / 2;

    return (struct table){
        .words = sources->words + which * count, .count = count, .key = {{sources->key[0], sources->key[1]}}};
}

int guard_open(struct guard *guard, const struct conf *conf, struct shared_service *service,
               struct stats *stats)
{
    guard->loops = half(&service->sources, 0);
    guard->rates = half(&service->sources, 1);
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

    return limits->source.interval_us || limits->net.interval_us ||
           guard->conf->listeners[listener].access.prefixes;
}

/* Under load there is something to hand over all the time, so it is done once in a while. */
void guard_beat(struct guard *guard, int64_t now_ns)
{
    if (now_ns - guard->refused_since >= HAND_OVER_NS)
        talkers_hand_over(&guard->refused, guard->board, now_ns);
}

/* All threads come to their end at the same moment, and none of them uses the board for long. */
void guard_finish(struct guard *guard, int64_t now_ns)
{
    for (int i = 0; i < ATTEMPTS && guard->refused.count > 0; i++)
        if (!talkers_hand_over(&guard->refused, guard->board, now_ns))
            sched_yield();
}

enum result guard_admit(struct guard *guard, size_t listener, const struct peer_address *client,
                        int64_t now_ns)
{
    enum limiter_verdict verdict = limiter_take(&guard->rates, &guard->limits[listener], client, now_ns);

    if (verdict == LIMITER_PASS)
        return RESULT_SENT;
    if (guard->refused.count == 0)
        guard->refused_since = now_ns;
    talkers_add(&guard->refused, client, 1);
    guard_beat(guard, now_ns);
    if (guard->conf->dry_run) {
        stats_add(&guard->stats->spared, 1);
        return RESULT_SENT;
    }
    return verdict == LIMITER_SOURCE ? RESULT_RATE_LIMITED : RESULT_NET_LIMITED;
}
