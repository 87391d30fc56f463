/* SPDX-License-Identifier: MIT */
/* stream: TCP and Unix stream clients of one thread, from accept4(2) through their steps to the end. */
#ifndef SOCKGREET_STREAM_H
#define SOCKGREET_STREAM_H

#include "serve/acceptor.h"
#include "serve/account.h"
#include "serve/closing.h"
#include "serve/conn.h"
#include "serve/deferred.h"
#include "serve/first_check.h"
#include "serve/stages.h"
#include "serve/unsent.h"

/* Set by the thread: loop, acceptors, account, render and conf. */
struct stream {
    struct loop *loop;
    struct acceptors *acceptors;
    struct account *account;
    struct render *render;
    const struct conf *conf;
    struct conn_pool pool;
    struct first_check first_check;
    struct closing closing; /* clients that were never watched */
    struct timers timers;
    struct eviction eviction;
    struct unsent_copies copies;
    struct deferred deferred;
    struct stages stages;
};

extern const struct transport_ops stream_ops;

/* room: clients at the same time. Returns 0 or -errno; close in any case. */
int stream_open(struct stream *stream, unsigned room);

/* From now on clients that have ended are noticed as soon as possible. */
void stream_hurry(struct stream *stream);

/* Gives up the remaining clients and counts them. stream_close() frees. */
void stream_finish(struct stream *stream);
void stream_close(struct stream *stream);

/* Does what is due. stream_next(): when something is due next (monotonic ns). */
void stream_due(struct stream *stream);
int64_t stream_next(const struct stream *stream);

#endif
