/* SPDX-License-Identifier: MIT */
#include "serve/acceptor.h"

#include "base/util.h"
#include "log/log.h"

#include <poll.h>
#include <stdlib.h>

#define IN_VAIN_LOOK 64 /* wake-ups without a client after which the socket is checked */
#define IN_VAIN_SURE 8  /* tries in such a check in which a client is announced and none is taken */
#define PAUSE_NS     (100 * NS_PER_MS) /* after a lack of descriptors or memory */
#define FAILURES     64                /* calls in a row that may fail */
#define AWAY_NS      (10 * NS_PER_MS)  /* time for which another thread's shard is not watched */

int acceptors_open(struct acceptors *acceptors, size_t room)
{
    acceptors->all = calloc(room ? room : 1, sizeof(*acceptors->all));
    return acceptors->all ? 0 : -ENOMEM;
}

void acceptors_close(struct acceptors *acceptors)
{
    free(acceptors->all);
    acceptors->all = NULL;
    acceptors->count = 0;
}

/* --- Pauses --- */

void acceptors_report_failure(const struct acceptors *acceptors, int error)
{
    stats_add(&acceptors->shared->stats.accept_pauses, 1);
    atomic_store_explicit(&acceptors->shared->pause_error, error, memory_order_relaxed);
    log_wake(acceptors->logger_asleep, acceptors->log_wake_fd);
}

/* Reports a pause, once. */
static void begin_pause(struct acceptors *acceptors, int error)
{
    acceptors->resume_at = acceptors->loop->now + PAUSE_NS;
    acceptors->lacks_room = error == 0 && (acceptors->lacks_room || !acceptors->paused);
    if (acceptors->paused)
        return;
    acceptors->paused = true;
    acceptors_report_failure(acceptors, error);
}

static void pause_acceptor(struct acceptor *acceptor)
{
    if (!acceptor->paused)
        loop_unwatch(acceptor->acceptors->loop, acceptor->fd);
    acceptor->paused = true;
}

static void pause_one(struct acceptor *acceptor, int error)
{
    begin_pause(acceptor->acceptors, error);
    pause_acceptor(acceptor);
}

/* --- One acceptor --- */

bool acceptor_is_shut(const struct acceptor *acceptor)
{
    struct pollfd state = {.fd = acceptor->fd, .events = POLLRDHUP};

    return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLRDHUP));
}

/* Another thread may have been faster, or a checksum wrong, but not this many times in a row. */
static bool is_always_in_vain(struct acceptor *acceptor)
{
    struct pollfd state = {.fd = acceptor->fd, .events = POLLIN};

    for (int i = 0; i < IN_VAIN_SURE; i++)
        if (acceptor->paused || poll(&state, 1, 0) != 1 || acceptor->ops->take(acceptor, 0) > 0)
            return false;
    return true;
}

/* Many wake-ups in a row without a client mean that the socket was shut down and accept4(2) or recvmmsg(2) do
 * not report that, or that these calls are forbidden. */
static void note_in_vain(struct acceptor *acceptor)
{
    if (++acceptor->in_vain % IN_VAIN_LOOK != 0)
        return;
    if (acceptor_is_shut(acceptor))
        acceptor_report_shut(acceptor);
    else if (is_always_in_vain(acceptor))
        pause_one(acceptor, EAGAIN);
}

static void acceptor_ready(struct watch *watch, uint32_t events)
{
    struct acceptor *acceptor = CONTAINER_OF(watch, struct acceptor, watch);

    if (acceptor->ops->take(acceptor, events) > 0)
        acceptor->in_vain = 0;
    else if (events && !acceptor->shut)
        note_in_vain(acceptor);
}

struct acceptor *acceptors_add(struct acceptors *acceptors, const struct sockets_member *member,
                               size_t position, const struct transport_ops *ops, void *transport)
{
    struct acceptor *acceptor = &acceptors->all[acceptors->count++];

    acceptor->watch.ready = acceptor_ready;
    acceptor->acceptors = acceptors;
    acceptor->ops = ops;
    acceptor->transport = transport;
    acceptor->member = member;
    acceptor->conf = member->conf;
    acceptor->position = position;
    acceptor->fd = member->socket->fd;
    peer_pack(&acceptor->bound, &member->socket->address);
    return acceptor;
}

bool acceptor_watch(struct acceptor *acceptor)
{
    if (!loop_watch(acceptor->acceptors->loop, acceptor->fd, EPOLLIN | EPOLLEXCLUSIVE, &acceptor->watch))
        return false;
    acceptor->away = false;
    return true;
}

void acceptor_report_shut(struct acceptor *acceptor)
{
    uint64_t one = 1;

    loop_unwatch(acceptor->acceptors->loop, acceptor->fd);
    acceptor->shut = true;
    if (write(acceptor->acceptors->attention_fd, &one, sizeof(one)) < 0)
        return; /* it is readable already */
}

/* --- Shards of other threads --- */

void acceptor_step_back(struct acceptor *acceptor)
{
    struct acceptors *acceptors = acceptor->acceptors;

    if (acceptor->away || acceptor->paused)
        return;
    loop_unwatch(acceptors->loop, acceptor->fd);
    acceptor->away = true;
    if (!acceptors->away)
        acceptors->return_at = acceptors->loop->now + AWAY_NS;
    acceptors->away = true;
}

/* Returns whether the acceptor is not away any more. If it is not watched for another reason, that reason
 * ends separately. */
static bool come_back(struct acceptor *acceptor)
{
    if (acceptor->away && !acceptor->left && !acceptor->paused && !acceptor->shut)
        return acceptor_watch(acceptor);
    acceptor->away = false;
    return true;
}

void acceptors_return(struct acceptors *acceptors)
{
    bool all = true;

    if (!acceptors->away || acceptors->loop->now < acceptors->return_at)
        return;
    for (size_t i = 0; i < acceptors->count; i++)
        all &= come_back(&acceptors->all[i]);
    acceptors->away = !all;
    acceptors->return_at = acceptors->loop->now + AWAY_NS;
}

/* --- All of them --- */

void acceptors_try(struct acceptors *acceptors)
{
    for (size_t i = 0; i < acceptors->count && !acceptors->closed; i++) {
        struct acceptor *acceptor = &acceptors->all[i];

        if (acceptor->left || acceptor->paused || (acceptor->shut && !acceptor_watch(acceptor)))
            continue; /* no memory to watch it: try again later */
        acceptor->shut = false;
        acceptor_ready(&acceptor->watch, 0);
    }
}

void acceptors_pause(struct acceptors *acceptors, const struct transport_ops *ops, int error)
{
    begin_pause(acceptors, error);
    for (size_t i = 0; i < acceptors->count; i++)
        if (acceptors->all[i].ops == ops)
            pause_acceptor(&acceptors->all[i]);
}

bool acceptor_fails(struct acceptor *acceptor, int error)
{
    if (++acceptor->failures < FAILURES)
        return false;
    acceptor->failures = 0;
    pause_one(acceptor, error);
    return true;
}

void acceptors_have_room(struct acceptors *acceptors)
{
    if (acceptors->paused && acceptors->lacks_room)
        acceptors->resume_at = acceptors->loop->now;
}

/* Returns whether the acceptor need not stay paused. */
static bool resume(struct acceptor *acceptor)
{
    if (!acceptor->paused || acceptor->left)
        return true;
    if (!acceptor->ops->has_room(acceptor) || !acceptor_watch(acceptor))
        return false;
    acceptor->paused = acceptor->shut = false;
    return true;
}

void acceptors_resume(struct acceptors *acceptors)
{
    bool all = true;

    if (!acceptors->paused || acceptors->loop->now < acceptors->resume_at)
        return;
    for (size_t i = 0; i < acceptors->count && !acceptors->closed; i++)
        all &= resume(&acceptors->all[i]);
    acceptors->paused = !all;
    acceptors->resume_at = acceptors->loop->now + PAUSE_NS;
}

static bool sweep(struct acceptor *acceptor)
{
    for (unsigned i = 0; i < acceptor->ops->queue && !acceptor->paused; i++)
        if (acceptor->ops->take(acceptor, 0) == 0)
            return !acceptor->paused;
    return false;
}

bool acceptors_sweep(struct acceptors *acceptors)
{
    bool empty = true;

    for (size_t i = 0; i < acceptors->count; i++)
        if (!acceptors->all[i].left && !sweep(&acceptors->all[i]))
            empty = false;
    return empty;
}

void acceptors_unwatch(struct acceptors *acceptors)
{
    for (size_t i = 0; i < acceptors->count; i++)
        loop_unwatch(acceptors->loop, acceptors->all[i].fd);
}

void acceptors_leave(struct acceptors *acceptors, const _Atomic bool *spared)
{
    for (size_t i = 0; i < acceptors->count; i++) {
        struct acceptor *acceptor = &acceptors->all[i];

        if (spared && atomic_load(&spared[acceptor->position]))
            continue;
        loop_unwatch(acceptors->loop, acceptor->fd);
        acceptor->left = true;
    }
}

bool acceptors_have_tcp(const struct acceptors *acceptors)
{
    for (size_t i = 0; i < acceptors->count; i++)
        if (!acceptors->all[i].left && acceptors->all[i].conf->transport == TRANSPORT_TCP)
            return true;
    return false;
}
