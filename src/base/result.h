/* SPDX-License-Identifier: MIT */
/* result: what became of a client. */
#ifndef SOCKGREET_RESULT_H
#define SOCKGREET_RESULT_H

#include <stdbool.h>

/* Enumerator, name in journal and counters, whether the client was refused a greeting. */
#define RESULTS(X)                                                                                          \
    X(SENT, "sent", false)                /* the whole greeting was handed to the network */                \
    X(TRUNCATED, "truncated", false)      /* a datagram cut so that it is no larger than its request */     \
    X(RESET, "reset", false)              /* the client broke the connection off */                         \
    X(TIMED_OUT, "timed-out", false)      /* the client did not take the greeting in time */                \
    X(REFUSED, "refused", false)          /* the network or the client's queue did not take the datagram */ \
    X(UNANSWERABLE, "unanswerable", true) /* a datagram whose sender must not or cannot be answered */      \
    X(LOOP, "loop", true)                 /* the sender and we might answer each other for ever */          \
    X(RATE_LIMITED, "rate-limited", true) /* its source is over limits.rate */                              \
    X(NET_LIMITED, "net-limited", true)   /* its network is over limits.net_rate */                         \
    X(DENIED, "denied", true)             /* an access list refuses it */                                   \
    X(SOURCE_FULL, "source-full", true)   /* its source has limits.per_source clients already */            \
    X(UNTRUSTED, "untrusted", true)       /* it came past the proxies of proxy_from */                      \
    X(NO_HEADER, "no-header", true)       /* no valid PROXY header came in time */                          \
    X(CHECKED, "checked", false)          /* a proxy that asked for itself, as health checks do */          \
    X(BAD_REQUEST, "bad-request", false)  /* what it asked was answered with an error */                    \
    X(NO_REQUEST, "no-request", false)    /* it asked nothing, or not all of it in time */                  \
    X(TLS, "tls", false)                  /* it began TLS where that is not spoken */                       \
    X(HTTP2, "http2", false)              /* it began HTTP/2 where that is not spoken */

#define RESULT_ENUMERATOR(id, name, refusal) RESULT_##id,
enum result { RESULTS(RESULT_ENUMERATOR) RESULT_COUNT };

const char *result_name(enum result result);

/* Whether a rule kept the greeting from the client. */
bool result_is_refusal(enum result result);

#endif
