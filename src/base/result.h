/* SPDX-License-Identifier: MIT */
/* result: how the service of a client ended. */
#ifndef SOCKGREET_RESULT_H
#define SOCKGREET_RESULT_H

#include <stdbool.h>

/* Enumerator, name in journal and counters, whether the client was refused a greeting. */
#define RESULTS(X)                                                                                       \
    X(SENT, "sent", false)           /* the whole greeting was handed to the network */                  \
    X(TRUNCATED, "truncated", false) /* a datagram cut so that it is no larger than its request */       \
    X(RESET, "reset", false)         /* the client reset the connection */                               \
    X(TIMED_OUT, "timed-out", false) /* the client did not read the greeting in time */                  \
    X(REFUSED, "refused", false)     /* the network or the client's queue did not accept the datagram */ \
    X(UNANSWERABLE, "unanswerable", true) /* a datagram whose sender must not or cannot be answered */   \
    X(LOOP, "loop", true)                 /* the sender and we might answer each other endlessly */      \
    X(RATE_LIMITED, "rate-limited", true) /* its source is over limits.rate */                           \
    X(NET_LIMITED, "net-limited", true)   /* its network is over limits.net_rate */                      \
    X(DENIED, "denied", true)             /* an access list refuses it */                                \
    X(SOURCE_FULL, "source-full", true)   /* its source has limits.per_source clients already */         \
    X(UNTRUSTED, "untrusted", true)       /* it did not come through a proxy of proxy_from */            \
    X(NO_HEADER, "no-header", true)       /* no valid PROXY header came in time */                       \
    X(CHECKED, "checked", false)          /* the proxy's own connection, such as a health check */       \
    X(BAD_REQUEST, "bad-request", false)  /* its request was answered with an error */                   \
    X(NO_REQUEST, "no-request", false)    /* no complete request came in time */                         \
    X(TLS, "tls", false)                  /* it began TLS, which is not supported */                     \
    X(HTTP2, "http2", false)              /* it began HTTP/2, which is not supported */

#define RESULT_ENUMERATOR(id, name, refusal) RESULT_##id,
enum result { RESULTS(RESULT_ENUMERATOR) RESULT_COUNT };

const char *result_name(enum result result);

/* Whether a rule kept the greeting from the client. */
bool result_is_refusal(enum result result);

#endif
