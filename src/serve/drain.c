/* SPDX-License-Identifier: MIT */
#include "serve/drain.h"

#include "base/deadlines.h"
#include "base/util.h"

#include <assert.h>

static void begin(struct drain *drain, int64_t now)
{
    int64_t latest = atomic_load(drain->latest);

    drain->draining = true;
    drain->end = now + drain->drain_ns < latest ? now + drain->drain_ns : latest;
    conn_pool_begin_epoch(&drain->stream->pool);
    stream_hurry(drain->stream);
}

/* Nobody is accepted from now on. When all threads have come to this, the worker closes its sockets. */
static void close_doors(struct drain *drain)
{
    uint64_t one = 1;

    doors_leave(drain->doors, NULL);
    if (!atomic_exchange(&drain->shared->closed, true) && atomic_fetch_sub(drain->open, 1) == 1 &&
        write(drain->closed_fd, &one, sizeof(one)) < 0)
        assert(errno == EAGAIN); /* it is readable already */
    drain->doors->closed = true;
    atomic_store(&drain->shared->accepting, false);
}

/* Who has connected is greeted; who connects from now on finds another worker, or nobody. The sockets are
 * unwatched first, lest the kernel wake this thread for somebody whom it does not take. */
static void stop_accepting(struct drain *drain, int64_t grace, int64_t now)
{
    if (drain->doors->closed)
        return;
    doors_unwatch(drain->doors);
    if (grace > 0)
        doors_sweep(drain->doors);
    close_doors(drain);
    drain->close_end = now + grace;
}

/* Others greet now. Who waits at a socket that none of them has is still this generation's. */
static void retire(struct drain *drain, int64_t now)
{
    drain->retiring = true;
    drain->close_end = drain->end;
    doors_leave(drain->doors, drain->retired);
    drain->sweep_from = now + (doors_have_tcp(drain->doors) ? DEADLINE_HANDSHAKE : 0);
    atomic_store(&drain->shared->accepting, false);
}

void drain_order(struct drain *drain, enum order order, int64_t now)
{
    int64_t grace = order == ORDER_FINISH ? DEADLINE_FINISH : 0;

    if (order == ORDER_RUN)
        return;
    if (!drain->draining)
        begin(drain, now);
    if (order == ORDER_RETIRE)
        retire(drain, now);
    if (order < ORDER_FINISH)
        return;
    stop_accepting(drain, grace, now);
    if (now + grace < drain->close_end)
        drain->close_end = now + grace;
}

/* Accepting ends when the drain does; before that when a retired thread's queues are empty, or when all who
 * were there before the drain are done. */
static void end_accepting(struct drain *drain, int64_t now)
{
    if (drain->retiring && now < drain->end) {
        if (now >= drain->sweep_from && doors_sweep(drain->doors))
            close_doors(drain);
    } else if (drain->stream->pool.old == 0 || now >= drain->end) {
        stop_accepting(drain, DEADLINE_LAST_CLIENTS, now);
    }
}

bool drain_is_over(struct drain *drain, int64_t now)
{
    if (drain->draining && !drain->doors->closed)
        end_accepting(drain, now);
    return drain->draining && drain->doors->closed &&
           (drain->stream->pool.active == 0 || now >= drain->close_end);
}

int64_t drain_next(const struct drain *drain, int64_t now)
{
    bool sweeps = drain->retiring && !drain->doors->closed && now < drain->sweep_from;

    if (!drain->draining)
        return LOOP_NEVER;
    if (sweeps && drain->sweep_from < drain->end)
        return drain->sweep_from;
    return drain->doors->closed ? drain->close_end : drain->end;
}
