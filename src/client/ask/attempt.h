/* SPDX-License-Identifier: MIT */
/* attempt: one request to one address: its socket, what is sent and what is received. */
#ifndef SOCKGREET_ATTEMPT_H
#define SOCKGREET_ATTEMPT_H

#include "base/address.h"
#include "base/transport.h"
#include "client/ask/loop.h"
#include "client/ask/outcome.h"
#include "client/ask/request_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTEMPT_ERROR_MAX    256
#define ATTEMPT_GREETING_MAX (16 * 1024 * 1024) /* bytes; more is an error */

#define PHASES(X)                                             \
    X(NAME, "name")         /* the name is being looked up */ \
    X(CONNECT, "connect")   /* the connection is requested */ \
    X(GREETING, "greeting") /* request sent, no byte yet */   \
    X(END, "end")           /* the greeting has begun */

#define PHASE_ENUMERATOR(id, word) PHASE_##id,
enum phase { PHASES(PHASE_ENUMERATOR) };

/* "name", "connect", "greeting", "end". */
const char *phase_word(enum phase phase);

/* All zero except what attempt_begin() needs; must not move until attempt_free(). Times are of the monotonic
 * clock; 0: not yet. */
struct attempt {
    struct address peer;  /* the address asked; of a group, the one that answered */
    struct address local; /* the source address; length 0: not known */
    int64_t started_ns;
    int64_t connected_ns;
    int64_t first_ns; /* first byte of the greeting */
    int64_t last_ns;  /* its end, or its last byte if it had no end */
    enum phase phase;
    bool over;
    enum outcome outcome;         /* once over */
    bool cancelled;               /* over, because another attempt won */
    bool unended;                 /* the greeting had no end of file, as from a mail server */
    int error;                    /* errno value behind the outcome, or 0 */
    char text[ATTEMPT_ERROR_MAX]; /* why there was no answer */
    char *greeting;
    size_t length;
    size_t capacity;

    const struct request_settings *settings;
    enum transport transport;
    const struct attempt_ops *ops;
    int fd;
    struct loop_watch watch;
    struct loop_timer timer; /* end of the silence after a line; retry after a full queue */
    size_t sent;             /* bytes of the request that were sent, on a stream */
    char *request;           /* what is sent, with the PROXY header of this connection */
    size_t request_length;
    bool group;      /* multicast or broadcast: many may answer */
    bool is_sent;    /* the datagram was sent */
    bool resent;     /* sent again after the kernel learnt a smaller path MTU */
    bool queue_full; /* the queue of a Unix listener was full: connect again later */

    void (*connected)(void *context, struct attempt *attempt);
    void (*ended)(void *context, struct attempt *attempt); /* called once, as the last callback */
    void *context;
};

#define ATTEMPT_TIMER_ONLY UINT32_MAX

/* What differs between stream and datagram sockets. Each returns the epoll events to wait for, or
 * ATTEMPT_TIMER_ONLY, or 0 if the attempt is over. ready() is also called when the timer is due. */
struct attempt_ops {
    uint32_t (*begin)(struct attempt *attempt);
    uint32_t (*ready)(struct attempt *attempt);
};

extern const struct attempt_ops attempt_stream_ops;
extern const struct attempt_ops attempt_dgram_ops;

/* Starts an attempt; the caller has set peer, connected, ended and context. False if it is over already;
 * ended() is not called then. */
bool attempt_begin(struct attempt *attempt, const struct request_settings *settings,
                   enum transport transport);

/* Handles what arrived while the program could not read it (full standard output, a stopped process). Does
 * not call ended(). */
void attempt_catch_up(struct attempt *attempt);

/* Ends an attempt at its timeout: as answered if a stream has sent bytes but no end of file, otherwise as
 * failed. Does not call ended(). */
void attempt_expire(struct attempt *attempt);

/* Cancels an attempt that is not over. Does not call ended(). */
void attempt_cancel(struct attempt *attempt);

/* Cancels the attempt if it is not over, and frees what it holds. */
void attempt_free(struct attempt *attempt);

/* For the operations. Each ends the attempt and returns 0: with an answer, with an errno value, with this
 * outcome and text, or with an error of this machine in doing what. */
uint32_t attempt_answer(struct attempt *attempt);
uint32_t attempt_fail(struct attempt *attempt, int error);
uint32_t attempt_end(struct attempt *attempt, enum outcome outcome, const char *text);
uint32_t attempt_fail_local(struct attempt *attempt, const char *what, int error);

/* For the operations: records the connection and calls connected(). */
void attempt_note_connected(struct attempt *attempt);

/* For the operations: room for at least this many more bytes of greeting, false if out of memory; and their
 * number once they are there. */
bool attempt_make_room(struct attempt *attempt, size_t least);
void attempt_note_bytes(struct attempt *attempt, size_t count);

#endif
