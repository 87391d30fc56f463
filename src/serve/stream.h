/* SPDX-License-Identifier: MIT */
/* stream: TCP and Unix stream clients of one thread, from accept4(2) through their steps to the end. */
#ifndef SOCKGREET_STREAM_H
#define SOCKGREET_STREAM_H

#include "serve/account.h"
#include "serve/aside.h"
#include "serve/closing.h"
#include "serve/conn.h"
#include "serve/door.h"
#include "serve/look.h"
#include "serve/rest.h"
#include "serve/stages.h"

/* Set by the thread: loop, doors, account, render and conf. */
struct stream {
    struct loop *loop;
    struct doors *doors;
    struct account *account;
    struct render *render;
    const struct conf *conf;
    struct conn_pool pool;
    struct look look;
    struct closing closing; /* those who were never watched */
    struct timers timers;
    struct leavers leavers;
    struct rests rests;
    struct aside aside;
    struct stages stages;
};

extern const struct transport_ops stream_ops;

/* room: clients at once. Returns 0 or -errno; close in any case. */
int stream_open(struct stream *stream, unsigned room);

/* From now on somebody waits for the clients to be gone. */
void stream_hurry(struct stream *stream);

/* Gives up who is left, and counts them; then frees. */
void stream_finish(struct stream *stream);
void stream_close(struct stream *stream);

/* Does what is due, and says when something will be (monotonic ns). */
void stream_due(struct stream *stream);
int64_t stream_next(const struct stream *stream);

#endif
