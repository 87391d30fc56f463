/* SPDX-License-Identifier: MIT */
/* How a greeting thread ends: who is still accepted, who is waited for, and for how long. */
#include "base/deadlines.h"
#include "serve/serve_internal.h"

#include <assert.h>

#define STREAM_SWEEPS 256 /* batches that a full queue has: net.core.somaxconn is 4096 */
#define DGRAM_SWEEPS  16  /* likewise, of a receive buffer */

static void start_drain(struct serve *serve)
{
    serve->draining = true;
    serve->drain_end = serve->now + serve->conf->drain_ns;
    serve->epoch++;
    serve->old_clients = serve->clients.active;
}

static uint64_t taken(const struct serve *serve)
{
    return atomic_load_explicit(&serve->shared->stats.taken, memory_order_relaxed);
}

/* Takes whoever waits at one socket. Returns whether nobody waits there any more. On a busy service somebody
 * always does, so what is taken is no more than a full queue. */
static bool sweep_socket(struct serve *serve, struct serve_socket *socket)
{
    int rounds = socket->stream ? STREAM_SWEEPS : DGRAM_SWEEPS;
    uint64_t before;

    do {
        if (serve->paused && socket->stream)
            return false;
        before = taken(serve);
        socket->watch.ready(serve, &socket->watch, 0);
        serve_stream_settle(serve);
    } while (taken(serve) != before && --rounds > 0);
    return rounds > 0;
}

/* The same at all sockets that are not left to others. */
static bool sweep(struct serve *serve)
{
    bool empty = true;

    for (size_t i = 0; i < serve->socket_count; i++)
        if (!serve->sockets[i].left && !sweep_socket(serve, &serve->sockets[i]))
            empty = false;
    return empty;
}

/* Leaves the sockets to others: all of them, or those that a later generation has. */
static void leave_sockets(struct serve *serve, bool retired_too)
{
    for (size_t i = 0; i < serve->socket_count; i++) {
        struct serve_socket *socket = &serve->sockets[i];

        if (!retired_too && atomic_load(&serve->settings.shared->retired[socket->position]))
            continue;
        serve_unwatch(serve, socket);
        socket->left = true;
    }
}

/* Nobody is accepted from now on. When all threads have come to this, the worker closes its sockets. */
static void close_door(struct serve *serve)
{
    uint64_t one = 1;

    leave_sockets(serve, true);
    if (!atomic_exchange(&serve->shared->closed, true) && atomic_fetch_sub(serve->settings.open, 1) == 1 &&
        write(serve->settings.closed_fd, &one, sizeof(one)) < 0)
        assert(errno == EAGAIN); /* it is readable already */
    serve->accepting = false;
    atomic_store(&serve->shared->accepting, false);
}

/* Who has connected is greeted; who connects from now on finds another worker, or nobody. The sockets are
 * unwatched first, lest the kernel wake this thread for somebody whom it does not take. */
static void stop_accepting(struct serve *serve, int64_t grace)
{
    if (!serve->accepting)
        return;
    for (size_t i = 0; i < serve->socket_count; i++)
        serve_unwatch(serve, &serve->sockets[i]);
    if (grace > 0)
        sweep(serve);
    close_door(serve);
    serve->close_end = serve->now + grace;
}

static bool loses_tcp_socket(const struct serve *serve)
{
    for (size_t i = 0; i < serve->socket_count; i++)
        if (!serve->sockets[i].left && serve->sockets[i].conf->transport == TRANSPORT_TCP)
            return true;
    return false;
}

/* Others greet now. Who waits at a socket that none of them has is still this generation's. */
static void retire(struct serve *serve)
{
    serve->retiring = true;
    serve->close_end = serve->drain_end;
    leave_sockets(serve, false);
    serve->sweep_from = serve->now + (loses_tcp_socket(serve) ? DEADLINE_HANDSHAKE : 0);
    atomic_store(&serve->shared->accepting, false);
}

void serve_ordered(struct serve *serve, struct watch *watch, uint32_t events)
{
    enum serve_order order = (enum serve_order)atomic_load(serve->settings.order);
    int64_t grace = order == SERVE_FINISH ? DEADLINE_FINISH : 0;

    (void)watch;
    (void)events;
    if (order == SERVE_RUN)
        return;
    if (!serve->draining)
        start_drain(serve);
    if (order == SERVE_RETIRE)
        retire(serve);
    if (order < SERVE_FINISH)
        return;
    stop_accepting(serve, grace);
    if (serve->now + grace < serve->close_end)
        serve->close_end = serve->now + grace;
}

/* Accepting ends when the drain does; before that when a retired thread's queues are empty, or when all who
 * were there before the drain are done. */
static void end_accepting(struct serve *serve)
{
    if (serve->retiring && serve->now < serve->drain_end) {
        if (serve->now >= serve->sweep_from && sweep(serve))
            close_door(serve);
    } else if (serve->old_clients == 0 || serve->now >= serve->drain_end) {
        stop_accepting(serve, DEADLINE_LAST_CLIENTS);
    }
}

bool serve_drained(struct serve *serve)
{
    if (serve->draining && serve->accepting)
        end_accepting(serve);
    return serve->draining && !serve->accepting &&
           (serve->clients.active == 0 || serve->now >= serve->close_end);
}
