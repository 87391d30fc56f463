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

/* Stops accepting. When all threads have done so, the worker closes its sockets. */
static void close_acceptors(struct drain *drain)
{
    uint64_t one = 1;

    acceptors_leave(drain->acceptors, NULL);
    if (!atomic_exchange(&drain->shared->closed, true) && atomic_fetch_sub(drain->open, 1) == 1 &&
        write(drain->closed_fd, &one, sizeof(one)) < 0)
        assert(errno == EAGAIN); /* it is readable already */
    drain->acceptors->closed = true;
    atomic_store(&drain->shared->accepting, false);
}

/* Takes the clients that have connected; later ones are for other workers, if there are any. Stops watching
 * the sockets first, so that the kernel does not wake this thread for a client that it does not take. */
static void stop_accepting(struct drain *drain, int64_t grace, int64_t now)
{
    if (drain->acceptors->closed)
        return;
    acceptors_unwatch(drain->acceptors);
    if (grace > 0)
        acceptors_sweep(drain->acceptors);
    close_acceptors(drain);
    drain->close_end = now + grace;
}

/* A new generation serves. Clients queued at sockets that it does not have are still served here. */
static void retire(struct drain *drain, int64_t now)
{
    drain->retiring = true;
    drain->close_end = drain->end;
    acceptors_leave(drain->acceptors, drain->retired);
    drain->sweep_from = now + (acceptors_have_tcp(drain->acceptors) ? DEADLINE_HANDSHAKE : 0);
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

/* Accepting ends with the drain, or earlier: when the queues of a retired thread are empty, or when all
 * clients from before the drain have ended. */
static void end_accepting(struct drain *drain, int64_t now)
{
    if (drain->retiring && now < drain->end) {
        if (now >= drain->sweep_from && acceptors_sweep(drain->acceptors))
            close_acceptors(drain);
    } else if (drain->stream->pool.old == 0 || now >= drain->end) {
        stop_accepting(drain, DEADLINE_LAST_CLIENTS, now);
    }
}

bool drain_is_over(struct drain *drain, int64_t now)
{
    if (drain->draining && !drain->acceptors->closed)
        end_accepting(drain, now);
    return drain->draining && drain->acceptors->closed &&
           (drain->stream->pool.active == 0 || now >= drain->close_end);
}

int64_t drain_next(const struct drain *drain, int64_t now)
{
    bool sweeps = drain->retiring && !drain->acceptors->closed && now < drain->sweep_from;

    if (!drain->draining)
        return LOOP_NEVER;
    if (sweeps && drain->sweep_from < drain->end)
        return drain->sweep_from;
    return drain->acceptors->closed ? drain->close_end : drain->end;
}
