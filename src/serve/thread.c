/* SPDX-License-Identifier: MIT */
#include "serve/thread.h"

#include "base/util.h"
#include "guard/guard.h"
#include "log/log.h"
#include "serve/acceptor.h"
#include "serve/account.h"
#include "serve/dgram.h"
#include "serve/drain.h"
#include "serve/loop.h"
#include "serve/render.h"
#include "serve/stream.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct thread {
    struct thread_settings settings;
    struct loop loop;
    struct watch announced, ordered;
    struct account account;
    struct render render;
    struct guard guard;
    struct acceptors acceptors;
    struct stream stream;
    struct dgrams dgrams;
    struct drain drain;
    struct shared_thread *shared;
    int64_t next_beat;
};

/* --- What is due --- */

static void read_announcement(struct watch *watch, uint32_t events)
{
    struct thread *thread = CONTAINER_OF(watch, struct thread, announced);

    (void)events;
    acceptors_try(&thread->acceptors);
}

static void read_order(struct watch *watch, uint32_t events)
{
    struct thread *thread = CONTAINER_OF(watch, struct thread, ordered);

    (void)events;
    drain_order(&thread->drain, (enum order)atomic_load(thread->settings.order), thread->loop.now);
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_due(const struct thread *thread)
{
    int64_t next = earliest(stream_next(&thread->stream), thread->next_beat);

    if (thread->acceptors.paused)
        next = earliest(next, thread->acceptors.resume_at);
    if (thread->acceptors.away)
        next = earliest(next, thread->acceptors.return_at);
    return earliest(next, drain_next(&thread->drain, thread->loop.now));
}

static void do_what_is_due(struct thread *thread)
{
    stream_due(&thread->stream);
    acceptors_resume(&thread->acceptors);
    acceptors_return(&thread->acceptors);
    conn_pool_trim(&thread->stream.pool);
    if (thread->loop.now < thread->next_beat)
        return;
    atomic_store_explicit(&thread->shared->beat_at, thread->loop.now, memory_order_relaxed);
    thread->next_beat = thread->loop.now + thread->settings.conf->heartbeat_ns;
    acceptors_try(&thread->acceptors);
    guard_beat(&thread->guard, thread->loop.now);
}

static void take_turn(struct thread *thread)
{
    int error = loop_turn(&thread->loop, next_due(thread));

    if (error)
        acceptors_report_failure(&thread->acceptors, error);
    do_what_is_due(thread);
}

void thread_run(struct thread *thread)
{
    account_reconcile(&thread->account);
    atomic_store(&thread->shared->accepting, true);
    thread->loop.now = monotonic_ns();
    if (thread->settings.conf->heartbeat_ns)
        thread->next_beat = thread->loop.now;
    read_order(&thread->ordered, 0); /* an order may have come before the thread ran */
    while (!drain_is_over(&thread->drain, thread->loop.now))
        take_turn(thread);
    stream_finish(&thread->stream);
    guard_finish(&thread->guard, thread->loop.now);
}

/* --- The frame --- */

static void open_account(struct thread *thread)
{
    const struct thread_settings *s = &thread->settings;
    const struct conf *conf = s->conf;
    struct account *account = &thread->account;

    thread->shared = shared_thread(s->shared, s->worker, s->thread);
    atomic_store(&thread->shared->closed, false); /* set by a predecessor */
    account->stats = &thread->shared->stats;
    account->listeners = shared_listeners(s->shared, s->worker, s->thread);
    account->counted = shared_counted(s->shared, s->worker, s->thread);
    account->listener_count = s->shared->listeners;
    account->records = shared_records(s->shared, s->worker, s->thread);
    account->proxies = shared_proxies(s->shared, s->worker, s->thread);
    account->each = conf->log_greetings == CONF_GREETINGS_EACH && log_wants(LOG_INFO);
    account->asleep = &shared_logger(s->shared, s->worker)->asleep;
    account->wake_fd = s->log_wake_fd;
    log_rate_attach(&account->rate, &s->shared->service->rate, conf->log_max_per_second);
}

static void connect_modules(struct thread *thread)
{
    const struct thread_settings *s = &thread->settings;

    thread->announced.ready = read_announcement;
    thread->ordered.ready = read_order;
    thread->acceptors = (struct acceptors){.loop = &thread->loop,
                                           .shared = thread->shared,
                                           .guard = &thread->guard,
                                           .attention_fd = s->attention_fd,
                                           .logger_asleep = thread->account.asleep,
                                           .log_wake_fd = s->log_wake_fd};
    thread->stream = (struct stream){.loop = &thread->loop,
                                     .acceptors = &thread->acceptors,
                                     .account = &thread->account,
                                     .render = &thread->render,
                                     .conf = s->conf,
                                     .deferred.epoll = -1};
    thread->dgrams = (struct dgrams){.loop = &thread->loop,
                                     .account = &thread->account,
                                     .render = &thread->render,
                                     .conf = s->conf,
                                     .guard = &thread->guard};
    thread->drain = (struct drain){.acceptors = &thread->acceptors,
                                   .stream = &thread->stream,
                                   .shared = thread->shared,
                                   .retired = s->shared->retired,
                                   .drain_ns = s->conf->drain_ns,
                                   .latest = s->shared->drain_end,
                                   .closed_fd = s->closed_fd,
                                   .open = s->open};
}

static size_t global_number(const struct thread *thread)
{
    return thread->settings.worker * thread->settings.shared->threads + thread->settings.thread;
}

/* Whether a UDP socket is a shard of another thread. While that thread is busy the kernel wakes another one
 * for each datagram, and both take small batches instead of a large one: so other threads only help if the
 * shard's own thread does not keep up. */
static bool is_foreign(const struct thread *thread, size_t position)
{
    const struct sockets *set = thread->settings.sockets;
    const struct sockets_member *member = &set->members[position];
    const struct conf *conf = thread->settings.conf;
    size_t threads = conf->processes * conf->thread_count, shards = member->conf->shards;
    size_t first = position, end = position + 1;

    if (member->conf->transport != TRANSPORT_UDP)
        return false;
    while (first > 0 && set->members[first - 1].listener == member->listener)
        first--;
    while (end < set->count && set->members[end].listener == member->listener)
        end++;
    if (end - first < shards) /* a unit has passed fewer sockets */
        shards = end - first;
    return (position - first) % shards % threads != global_number(thread) % shards;
}

/* Returns false with errno if it cannot be watched. */
static bool add_acceptor(struct thread *thread, const struct sockets_member *member, size_t position)
{
    bool stream = transport_is_stream(member->conf->transport);
    struct acceptor *acceptor;

    if (stream && thread->stream.pool.room == 0)
        return true; /* a thread without room for clients leaves these to others */
    if (stream)
        acceptor = acceptors_add(&thread->acceptors, member, position, &stream_ops, &thread->stream);
    else
        acceptor = acceptors_add(&thread->acceptors, member, position, &dgram_ops, &thread->dgrams);
    acceptor->stages = stages_of(&thread->stream.stages, member->listener);
    acceptor->clients = account_listener(&thread->account, member->listener);
    acceptor->foreign = is_foreign(thread, position);
    if (!acceptor->foreign)
        return acceptor_watch(acceptor);
    acceptor_step_back(acceptor); /* its own thread has to be the first that the kernel wakes */
    return true;
}

/* Each thread starts with a different socket, so that not all try the same one. */
static int open_acceptors(struct thread *thread)
{
    const struct thread_settings *s = &thread->settings;
    const struct sockets *set = s->sockets;
    size_t start = global_number(thread);
    int error = acceptors_open(&thread->acceptors, set->count);

    for (size_t i = 0; i < set->count && !error; i++) {
        size_t position = (start + i) % set->count;

        if (!add_acceptor(thread, &set->members[position], position))
            error = -errno;
    }
    return error;
}

/* Edge-triggered, so that one write wakes every thread of every worker and it need not be read. */
static bool watch_orders(struct thread *thread)
{
    const struct thread_settings *s = &thread->settings;

    return loop_watch(&thread->loop, s->announce_fd, EPOLLIN | EPOLLET, &thread->announced) &&
           loop_watch(&thread->loop, s->order_fd, EPOLLIN | EPOLLET, &thread->ordered);
}

static int open_render(struct thread *thread)
{
    const struct thread_settings *s = &thread->settings;
    const struct speaker speaker = {
        .worker = s->worker, .generation = s->generation, .service_began = s->shared->service->began};

    return render_open(&thread->render, s->conf, &speaker, s->shared);
}

static int open_all(struct thread *thread)
{
    int error = loop_open(&thread->loop);

    if (!error)
        error = open_render(thread);
    if (!error)
        error = guard_open(&thread->guard, thread->settings.conf, thread->settings.shared,
                           thread->settings.worker, &thread->shared->stats);
    if (!error)
        error = stream_open(&thread->stream, thread->settings.connections);
    if (!error)
        error = dgrams_open(&thread->dgrams);
    if (!error)
        error = open_acceptors(thread);
    if (!error && !watch_orders(thread))
        error = -errno;
    return error;
}

struct thread *thread_new(const struct thread_settings *settings)
{
    struct thread *thread = calloc(1, sizeof(*thread));
    int error;

    if (!thread)
        return NULL;
    thread->settings = *settings;
    thread->loop.epoll = thread->loop.alarm_fd = -1;
    thread->next_beat = LOOP_NEVER;
    open_account(thread);
    connect_modules(thread);
    error = open_all(thread);
    if (!error)
        return thread;
    thread_free(thread);
    errno = -error;
    return NULL;
}

void thread_free(struct thread *thread)
{
    if (!thread)
        return;
    loop_close(&thread->loop);
    acceptors_close(&thread->acceptors);
    stream_close(&thread->stream);
    dgrams_close(&thread->dgrams);
    render_close(&thread->render);
    guard_close(&thread->guard);
    free(thread);
}
