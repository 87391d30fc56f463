/* SPDX-License-Identifier: MIT */
/* drain: how a greeting thread ends: which clients it still accepts, which it waits for, and for how long. */
#ifndef SOCKGREET_DRAIN_H
#define SOCKGREET_DRAIN_H

#include "serve/acceptor.h"
#include "serve/order.h"
#include "serve/stream.h"

/* Set by the thread: all before ordered. */
struct drain {
    struct acceptors *acceptors;
    struct stream *stream;
    struct shared_thread *shared;
    const _Atomic bool *retired; /* by position: sockets that no later generation has */
    int64_t drain_ns;
    const _Atomic int64_t *latest; /* monotonic ns: the drain ends then, even if drain_ns is not over */
    int closed_fd;          /* eventfd: written when the last of the worker's threads leaves its sockets */
    _Atomic unsigned *open; /* number of the worker's threads that have not left their sockets */

    bool draining;
    bool retiring;      /* a later generation serves; only sockets that it does not have are served here */
    int64_t end;        /* when to stop accepting, at the latest */
    int64_t sweep_from; /* retiring: until then handshakes may complete */
    int64_t close_end;  /* when to close the remaining clients */
};

/* Follows an order. It may be the same as before. */
void drain_order(struct drain *drain, enum order order, int64_t now);

/* Whether the thread has nothing more to do; ends accepting when it is time. */
bool drain_is_over(struct drain *drain, int64_t now);

/* When something is due (monotonic ns), or LOOP_NEVER. */
int64_t drain_next(const struct drain *drain, int64_t now);

#endif
