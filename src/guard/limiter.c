/* SPDX-License-Identifier: MIT */
#include "guard/limiter.h"

#include "base/util.h"
#include "service/service.h"

#include <string.h>

#define US_PER_S      INT64_C(1000000)
#define CLOCKS        (60 * US_PER_S) /* one thread's clock may be behind another's, by far less than this */
#define BURST_SECONDS 3600            /* a burst is available again after this time at the latest */

enum kind { KIND_SOURCE = 1, KIND_NET, KIND_HELD };

/* The hashed data: only the prefix of the address, since an attacker can choose the rest. */
struct key {
    uint64_t which; /* the limit, and its scope */
    uint8_t ip[16];
};

_Static_assert(sizeof(struct key) == 24, "no padding, which would be hashed");

static struct limit limit(double rate, unsigned burst)
{
    double most = rate * BURST_SECONDS;

    if (rate <= 0)
        return (struct limit){0};
    if (burst > most)
        burst = most > 1 ? (unsigned)most : 1;
    return (struct limit){.interval_us = (uint32_t)((double)US_PER_S / rate + 0.5), .burst = burst};
}

/* The index of a listener changes with the configuration, its name does not. */
static uint32_t scope_of(const struct conf_listener *listener)
{
    static const struct siphash_key no_secret;

    return listener->rates_given ? (uint32_t)siphash(&no_secret, listener->name, strlen(listener->name)) | 1
                                 : 0;
}

struct limits limiter_limits(const struct conf_listener *listener)
{
    const struct conf_rates *rates = &listener->rates;
    bool is_stream = transport_is_stream(listener->transport);

    return (struct limits){.source = limit(rates->rate, rates->burst),
                           .net = limit(rates->net_rate, rates->net_burst),
                           .per_source = is_stream ? rates->per_source : 0,
                           .counts_held =
                               is_stream && (rates->per_source || (listener->plan->needs & PLAN_HELD)),
                           .scope = scope_of(listener),
                           .is_dgram = !is_stream};
}

/* All hosts on a link have the same /64, so there the address counts (RFC 4291 2.5.6). */
static bool is_link_local(const struct peer_address *client)
{
    return client->family == AF_INET6 && client->ip[0] == 0xfe && (client->ip[1] & 0xc0) == 0x80;
}

/* Length of the prefix in bytes. */
static size_t prefix(const struct peer_address *client, enum kind kind)
{
    if (client->family == AF_INET)
        return kind == KIND_NET ? 3 : 4;
    if (is_link_local(client))
        return 16;
    return kind == KIND_NET ? 7 : 8;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    return (a ^ b) * UINT64_C(0x9e3779b97f4a7c15);
}

/* A limit that was changed begins empty, and each kind of client, listener and link is counted separately. */
static uint64_t which(const struct limits *limits, const struct limit *limit,
                      const struct peer_address *client, enum kind kind)
{
    uint64_t where = (uint64_t)limits->scope << 32 | (uint64_t)kind << 16 | (uint64_t)limits->is_dgram << 8 |
                     client->family;
    uint64_t mixed = mix(where, (uint64_t)limit->interval_us << 32 | limit->burst);

    return is_link_local(client) ? mix(mixed, client->scope) : mixed;
}

static uint64_t hash(const struct table *table, const struct limits *limits,
                     const struct peer_address *client, enum kind kind)
{
    static const struct limit held;
    const struct limit *limit = kind == KIND_SOURCE ? &limits->source
                                : kind == KIND_NET  ? &limits->net
                                                    : &held;
    struct key key = {.which = which(limits, limit, client, kind)};
    size_t length = prefix(client, kind);

    memcpy(key.ip, client->ip, length);
    return table_hash(table, &key, offsetof(struct key, ip) + length);
}

uint64_t limiter_hash_source(const struct table *table, const struct limits *limits,
                             const struct peer_address *client)
{
    return hash(table, limits, client, KIND_HELD);
}

struct taking {
    const struct limit *limit;
    bool allowed;
};

/* The value is the time of the next client of a source that keeps to its rate. */
static uint64_t take(uint64_t before, uint64_t now, void *context)
{
    struct taking *taking = context;
    int64_t interval = taking->limit->interval_us, most = interval * taking->limit->burst;
    int64_t ahead = before == TABLE_NONE ? 0 : table_ahead(before, now);

    if (ahead < 0 || ahead > most + CLOCKS) /* after a rest; or the value is from days ago */
        ahead = 0;
    taking->allowed = ahead + interval <= most;
    return now + (uint64_t)(taking->allowed ? ahead + interval : ahead);
}

/* Counted as if the client had not come. */
static uint64_t give_back(uint64_t before, uint64_t now, void *context)
{
    const struct limit *limit = context;

    return before == TABLE_NONE ? now : before - limit->interval_us;
}

enum limiter_verdict limiter_take(const struct table *table, const struct limits *limits,
                                  const struct peer_address *client, int64_t now_ns)
{
    struct taking source = {&limits->source, true}, net = {&limits->net, true};
    uint64_t now = (uint64_t)now_ns / NS_PER_US, hash_of_source = 0;

    if (limits->source.interval_us) {
        hash_of_source = hash(table, limits, client, KIND_SOURCE);
        table_update(table, hash_of_source, now, take, &source);
    }
    if (!source.allowed)
        return LIMITER_SOURCE;
    if (limits->net.interval_us)
        table_update(table, hash(table, limits, client, KIND_NET), now, take, &net);
    if (net.allowed)
        return LIMITER_PASS;
    if (limits->source.interval_us)
        table_update(table, hash_of_source, now, give_back, (void *)(uintptr_t)&limits->source);
    return LIMITER_NET;
}
