/* SPDX-License-Identifier: MIT */
/* stats: what was counted, a cache line group per greeting thread in shared memory, summed on read. */
#ifndef SOCKGREET_STATS_H
#define SOCKGREET_STATS_H

#include "base/util.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* What became of a client: enumerator, name in journal and counters. */
#define RESULTS(X)                                                                                         \
    X(SENT, "sent")                 /* the whole greeting was handed to the network */                     \
    X(TRUNCATED, "truncated")       /* a datagram cut so that it is no larger than its request */          \
    X(RESET, "reset")               /* the client broke the connection off */                              \
    X(TIMED_OUT, "timed-out")       /* the client did not take the greeting in time */                     \
    X(REFUSED, "refused")           /* the network or the client's queue did not take the datagram */      \
    X(UNANSWERABLE, "unanswerable") /* a datagram whose sender must not or cannot be answered */           \
    X(LOOP, "loop")                 /* not answered: the sender and we might answer each other for ever */ \
    X(RATE_LIMITED, "rate-limited") /* its source is over limits.rate */                                   \
    X(NET_LIMITED, "net-limited")   /* its network is over limits.net_rate */                              \
    X(DENIED, "denied")             /* an access list refuses it */                                        \
    X(SOURCE_FULL, "source-full")   /* its source has limits.per_source clients already */                 \
    X(UNTRUSTED, "untrusted")       /* it came past the proxies of proxy_from */                           \
    X(NO_HEADER, "no-header")       /* no valid PROXY header came in time */                               \
    X(CHECKED, "checked")           /* a proxy that asked for itself, as health checks do */               \
    X(BAD_REQUEST, "bad-request")   /* what it asked was answered with an error */                         \
    X(NO_REQUEST, "no-request")     /* it asked nothing, or not all of it in time */                       \
    X(TLS, "tls")                   /* it began TLS where that is not spoken */                            \
    X(HTTP2, "http2")               /* it began HTTP/2 where that is not spoken */

#define RESULT_ENUMERATOR(id, name) RESULT_##id,
enum result { RESULTS(RESULT_ENUMERATOR) RESULT_COUNT };

const char *result_name(enum result result);

/* Everything else that is counted: member, text. */
#define COUNTERS(X)                                                  \
    X(taken, "clients taken in hand")                                \
    X(bytes, "bytes of greetings")                                   \
    X(summarised, "greetings counted instead of written to the log") \
    X(dropped, "log records that the log did not take")              \
    X(abandoned, "clients in the hands of a worker that was killed") \
    X(spared, "clients over a limit whom limits.dry_run let pass")   \
    X(accept_pauses, "times accepting paused for want of descriptors, memory or room")

#define COUNTER_MEMBER(member, text) _Atomic uint64_t member;
struct stats {
    _Alignas(CACHE_LINE) _Atomic uint64_t results[RESULT_COUNT];
    COUNTERS(COUNTER_MEMBER)
};

/* Plain numbers, as summed. */
#define COUNTER_TOTAL(member, text) uint64_t member;
struct stats_totals {
    uint64_t results[RESULT_COUNT];
    COUNTERS(COUNTER_TOTAL)
};

/* Adds to a counter that only the calling thread writes: no locked instruction. */
static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* Adds the counters of one thread to totals. */
void stats_sum(struct stats_totals *totals, const struct stats *stats);

/* Adds other to totals. */
void stats_add_totals(struct stats_totals *totals, const struct stats_totals *other);

/* Clients whose result is known. */
uint64_t stats_served(const struct stats_totals *totals);

/* One line of text with every counter: "taken=3 sent=3 truncated=0 …". Always terminates. */
void stats_text(const struct stats_totals *totals, char *text, size_t size);

#endif
