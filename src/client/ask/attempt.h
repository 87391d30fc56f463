/* SPDX-License-Identifier: MIT */
/* attempt: one try at one address: a socket of its own, what is sent, and what comes back. */
#ifndef SOCKGREET_ATTEMPT_H
#define SOCKGREET_ATTEMPT_H

#include "base/address.h"
#include "base/transport.h"
#include "client/ask/asking.h"
#include "client/ask/loop.h"
#include "client/ask/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTEMPT_ERROR_MAX    256
#define ATTEMPT_GREETING_MAX (16 * 1024 * 1024) /* bytes; more is an error */

#define PHASES(X)                                             \
    X(NAME, "name")         /* the name is being looked up */ \
    X(CONNECT, "connect")   /* the connection is requested */ \
    X(GREETING, "greeting") /* asked; nothing came yet */     \
    X(END, "end")           /* the greeting has begun */

#define PHASE_ENUMERATOR(id, word) PHASE_##id,
enum phase { PHASES(PHASE_ENUMERATOR) };

/* "name", "connect", "greeting", "end". */
const char *phase_word(enum phase phase);

/* All zero but for what attempt_begin() is given; stays where it is until attempt_end(). Times are of the
 * monotonic clock, 0: not yet. */
struct attempt {
    struct address peer;  /* asked or, of a group, the one that answered */
    struct address local; /* where the request left from; length 0: not known */
    int64_t started_ns;
    int64_t connected_ns;
    int64_t first_ns; /* first byte of the greeting */
    int64_t last_ns;  /* its end, or its last byte if it had no end */
    enum phase phase;
    bool over;
    enum outcome outcome;         /* once over */
    bool cancelled;               /* over, because another one was first */
    bool unended;                 /* a greeting without end of file, as of a mail server */
    int error;                    /* errno value behind the outcome, or 0 */
    char text[ATTEMPT_ERROR_MAX]; /* why there was no answer */
    char *greeting;
    size_t length;
    size_t capacity;

    const struct asking *asking;
    enum transport transport;
    const struct attempt_ops *ops;
    int fd;
    struct loop_watch watch;
    struct loop_timer timer; /* silence after a line; the next try at a full queue */
    size_t sent;             /* bytes of the request, on a stream */
    char *request;           /* what is sent, with a header made for this connection */
    size_t request_length;
    bool group;      /* many may answer */
    bool is_sent;    /* a datagram */
    bool resent;     /* once more, since the path takes less than the kernel knew */
    bool queue_full; /* of a Unix listener: connect again later */

    void (*connected)(void *context, struct attempt *attempt);
    void (*ended)(void *context, struct attempt *attempt); /* once, and last */
    void *context;
};

#define ATTEMPT_TIMER_ONLY UINT32_MAX

/* What stream and datagram sockets do differently. Each returns what is to be waited for, as epoll events or
 * ATTEMPT_TIMER_ONLY; 0: the attempt is over. ready() is also called when the timer is due. */
struct attempt_ops {
    uint32_t (*begin)(struct attempt *attempt);
    uint32_t (*ready)(struct attempt *attempt);
};

extern const struct attempt_ops attempt_stream_ops;
extern const struct attempt_ops attempt_dgram_ops;

/* Begins to ask peer, which is set, for connected(), ended() and context, which are set too. False if it is
 * over already: ended() is not called then. */
bool attempt_begin(struct attempt *attempt, const struct asking *asking, enum transport transport);

/* Takes what came while the program could not look (a full pipe, a stopped process), so that it is not lost.
 * Does not call ended(). */
void attempt_look(struct attempt *attempt);

/* The time is over: settles an attempt that is not over yet, as an answer where a server greeted and went on
 * to listen. Does not call ended(). */
void attempt_expire(struct attempt *attempt);

/* Ends one that is not over yet without an outcome. Does not call ended(). */
void attempt_cancel(struct attempt *attempt);

/* Frees what it holds, and cancels it where needed. */
void attempt_free(struct attempt *attempt);

/* For the operations. Each settles the attempt and returns 0. */
uint32_t attempt_answer(struct attempt *attempt);
uint32_t attempt_fail(struct attempt *attempt, int error);
uint32_t attempt_refuse(struct attempt *attempt, enum outcome outcome, const char *text);
uint32_t attempt_break(struct attempt *attempt, const char *what, int error);

/* For the operations: notes that the peer is connected, and calls connected(). */
void attempt_note_connected(struct attempt *attempt);

/* For the operations: room for at least one more byte; false if there is no memory. */
bool attempt_make_room(struct attempt *attempt, size_t least);
void attempt_note_bytes(struct attempt *attempt, size_t count);

#endif
