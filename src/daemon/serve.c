/* SPDX-License-Identifier: MIT */
#include "serve_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define EVENTS_PER_TURN 64
#define PAUSE_NS        (100 * NS_PER_MS) /* without descriptors or memory */
#define CLOSE_NS        (250 * NS_PER_MS) /* for those who came while the older ones finished */
#define FINISH_NS       (100 * NS_PER_MS) /* for everybody, when somebody is in a hurry or the master is dead */
#define STREAM_SWEEPS   256               /* batches that a full queue has: net.core.somaxconn is 4096 */
#define DGRAM_SWEEPS    16                /* likewise, of a receive buffer */

static bool watch_socket(struct serve *serve, struct serve_socket *socket)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = &socket->watch};

    return epoll_ctl(serve->epoll, EPOLL_CTL_ADD, socket->fd, &event) == 0;
}

/* Edge-triggered, so that one write wakes every thread of every worker and nobody needs to read. */
static bool watch_eventfd(struct serve *serve, int fd, struct watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = watch};

    return epoll_ctl(serve->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void unwatch_socket(struct serve *serve, const struct serve_socket *socket)
{
    epoll_ctl(serve->epoll, EPOLL_CTL_DEL, socket->fd, NULL);
}

/* Tries each listener: a wake-up that another thread took with it when it died is not passed on by the
 * kernel. */
static void try_sockets(struct serve *serve)
{
    for (size_t i = 0; i < serve->socket_count; i++)
        if (serve->accepting && !serve->sockets[i].left && !(serve->paused && serve->sockets[i].stream))
            serve->sockets[i].watch.ready(serve, &serve->sockets[i].watch, 0);
}

void serve_pause(struct serve *serve, int error)
{
    serve->resume_at = serve->now + PAUSE_NS;
    if (serve->paused)
        return;
    serve->paused = true;
    stats_add(&serve->shared->stats.accept_pauses, 1);
    atomic_store_explicit(&serve->shared->pause_error, error, memory_order_relaxed);
    log_wake(serve->account.asleep, serve->account.wake_fd);
    for (size_t i = 0; i < serve->socket_count; i++)
        if (serve->sockets[i].stream)
            unwatch_socket(serve, &serve->sockets[i]);
}

static bool is_full(const struct serve *serve)
{
    return serve->clients.active >= serve->clients.room;
}

static void resume(struct serve *serve)
{
    if (!serve->accepting) {
        serve->paused = false;
        return;
    }
    if (is_full(serve)) {
        serve->resume_at = serve->now + PAUSE_NS;
        return;
    }
    serve->paused = false;
    for (size_t i = 0; i < serve->socket_count; i++)
        if (serve->sockets[i].stream && !serve->sockets[i].left && !watch_socket(serve, &serve->sockets[i])) {
            serve_pause(serve, errno); /* no memory for the watch: undo, and try again */
            return;
        }
}

void serve_client_left(struct serve *serve, const struct client *client)
{
    if (serve->draining && client->epoch != (uint8_t)serve->epoch)
        serve->old_clients--;
    /* Not for each client that leaves a full house, or watching would cost more than greeting. */
    if (serve->paused && serve->clients.room - serve->clients.active > serve->clients.room / 16)
        serve->resume_at = serve->now;
}

static void announced(struct serve *serve, struct watch *watch, uint32_t events)
{
    (void)watch;
    (void)events;
    try_sockets(serve);
}

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
        unwatch_socket(serve, socket);
        socket->left = true;
    }
}

/* Nobody is accepted from now on. */
static void close_door(struct serve *serve)
{
    leave_sockets(serve, true);
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
        unwatch_socket(serve, &serve->sockets[i]);
    if (grace > 0)
        sweep(serve);
    close_door(serve);
    serve->close_end = serve->now + grace;
}

/* Others greet now. Who waits at a socket that none of them has is still this generation's. */
static void retire(struct serve *serve)
{
    serve->retiring = true;
    serve->close_end = serve->drain_end;
    leave_sockets(serve, false);
    atomic_store(&serve->shared->accepting, false);
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void ordered(struct serve *serve, struct watch *watch, uint32_t events)
{
    enum serve_order order = (enum serve_order)atomic_load(serve->settings.order);
    int64_t grace = order == SERVE_FINISH ? FINISH_NS : 0;

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
    serve->close_end = earliest(serve->close_end, serve->now + grace);
}

/* Accepting ends when the drain does; before that when a retired thread's queues are empty, or when all who
 * were there before the drain are done. */
static void end_accepting(struct serve *serve)
{
    if (serve->retiring && serve->now < serve->drain_end) {
        if (sweep(serve))
            close_door(serve);
    } else if (serve->old_clients == 0 || serve->now >= serve->drain_end) {
        stop_accepting(serve, CLOSE_NS);
    }
}

/* Whether the thread has nothing more to do. */
static bool drained(struct serve *serve)
{
    if (serve->draining && serve->accepting)
        end_accepting(serve);
    return serve->draining && !serve->accepting &&
           (serve->clients.active == 0 || serve->now >= serve->close_end);
}

/* Milliseconds until something is due, rounded up; -1: nothing is. */
static int timeout(const struct serve *serve)
{
    int64_t next = earliest(timers_next(&serve->timers), serve->next_beat), wait;

    if (serve->paused)
        next = earliest(next, serve->resume_at);
    if (serve->draining)
        next = earliest(next, serve->accepting ? serve->drain_end : serve->close_end);
    if (next == TIMERS_NEVER)
        return -1;
    wait = (next - serve->now + NS_PER_MS - 1) / NS_PER_MS;
    return wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
}

static void due(struct serve *serve)
{
    timers_expire(&serve->timers, serve->now, serve);
    if (serve->paused && serve->now >= serve->resume_at)
        resume(serve);
    if (serve->now < serve->next_beat)
        return;
    atomic_store_explicit(&serve->shared->beat_at, serve->now, memory_order_relaxed);
    serve->next_beat = serve->now + serve->conf->heartbeat_ns;
    try_sockets(serve);
}

void serve_run(struct serve *serve)
{
    struct epoll_event events[EVENTS_PER_TURN];

    account_reconcile(&serve->account);
    atomic_store(&serve->shared->accepting, true);
    serve->now = monotonic_ns();
    if (serve->conf->heartbeat_ns)
        serve->next_beat = serve->now;
    ordered(serve, NULL, 0); /* an order may have come before the thread ran */
    while (!drained(serve)) {
        int count = epoll_wait(serve->epoll, events, EVENTS_PER_TURN, timeout(serve));

        serve->now = monotonic_ns();
        for (int i = 0; i < count; i++) {
            struct watch *watch = events[i].data.ptr;

            watch->ready(serve, watch, events[i].events);
        }
        serve_stream_settle(serve);
        due(serve);
        serve_stream_settle(serve);
    }
    serve_stream_close(serve);
}

static const char *time_text(struct serve *serve)
{
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != serve->time_second) {
        gmtime_r(&now.tv_sec, &tm);
        strftime(serve->time_text, sizeof(serve->time_text), "%Y-%m-%dT%H:%M:%SZ", &tm); /* RFC 3339 5.6 */
        serve->time_second = now.tv_sec;
    }
    return serve->time_text;
}

struct end_text {
    char host[ADDRESS_TEXT_MAX];
    char port[8];
};

/* An end's address and port as text; a Unix client is known by its uid alone. */
static void format_end(struct end_text *text, const struct record_address *packed)
{
    struct address address;

    text->host[0] = text->port[0] = '\0';
    if (!packed)
        return;
    if (packed->family == AF_UNIX) {
        snprintf(text->host, sizeof(text->host), "uid %u", packed->uid);
        return;
    }
    record_unpack(packed, &address);
    address_host(&address, text->host, sizeof(text->host));
    snprintf(text->port, sizeof(text->port), "%u", packed->port);
}

size_t serve_render(struct serve *serve, const struct conf_listener *listener,
                    const struct record_address *client, const struct record_address *server, char *out)
{
    const struct greeting *greeting = listener->greeting;
    struct end_text client_text, server_text;
    struct greeting_values values = {
        .value = {[GREETING_CLIENT_ADDRESS] = client_text.host,
                  [GREETING_CLIENT_PORT] = client_text.port,
                  [GREETING_SERVER_ADDRESS] = listener->path ? listener->path : server_text.host,
                  [GREETING_SERVER_PORT] = server_text.port,
                  [GREETING_PID] = serve->pid_text},
    };

    format_end(&client_text, client);
    format_end(&server_text, listener->path ? NULL : server);
    if (greeting->uses & 1u << GREETING_TIME)
        values.value[GREETING_TIME] = time_text(serve);
    return greeting_render(greeting, &values, out);
}

static void open_socket(struct serve_socket *socket, const struct listener_socket *listener)
{
    socket->listener = listener;
    socket->conf = listener->conf;
    socket->fd = listener->fd;
    socket->stream = transport_socket_type(listener->conf->transport) == SOCK_STREAM;
    socket->watch.ready = socket->stream ? serve_stream_ready : serve_dgram_ready;
    record_pack(&socket->bound, &listener->address);
}

/* A thread with no room for clients leaves the stream sockets to others. The order matters to EPOLLEXCLUSIVE:
 * each thread is first in line at its own UDP shard. */
static int open_sockets(struct serve *serve)
{
    const struct listener_set *set = serve->settings.listeners;
    size_t start = serve->settings.worker * serve->settings.shared->threads + serve->settings.thread;

    serve->sockets = calloc(set->count + 1, sizeof(*serve->sockets));
    if (!serve->sockets)
        return -ENOMEM;
    for (size_t i = 0; i < set->count; i++) {
        const struct listener_socket *listener = &set->sockets[(start + i) % set->count];
        struct serve_socket *socket = &serve->sockets[serve->socket_count];

        open_socket(socket, listener);
        socket->position = (start + i) % set->count;
        if (socket->stream && serve->clients.room == 0)
            continue;
        if (!watch_socket(serve, socket))
            return -errno;
        serve->socket_count++;
    }
    return 0;
}

static int open_buffers(struct serve *serve)
{
    size_t largest = 1;

    for (size_t i = 0; i < serve->conf->listener_count; i++) {
        const struct greeting *greeting = serve->conf->listeners[i].greeting;

        if (!greeting->is_static && greeting->max_length > largest)
            largest = greeting->max_length;
    }
    serve->greeting = malloc(largest);
    serve->batch = serve_dgram_batch_new();
    return serve->greeting && serve->batch ? 0 : -ENOMEM;
}

static void open_account(struct serve *serve)
{
    const struct serve_settings *s = &serve->settings;
    const struct conf *conf = s->conf;

    serve->shared = shared_thread(s->shared, s->worker, s->thread);
    serve->account.stats = &serve->shared->stats;
    serve->account.records = shared_records(s->shared, s->worker, s->thread);
    serve->account.each = conf->log_greetings == CONF_GREETINGS_EACH && log_wants(LOG_INFO);
    serve->account.asleep = &shared_logger(s->shared, s->worker)->asleep;
    serve->account.wake_fd = s->log_wake_fd;
    log_rate_attach(&serve->account.rate, &s->shared->service->rate, conf->log_max_per_second);
}

static int open_all(struct serve *serve)
{
    int error = client_pool_open(&serve->clients, serve->settings.connections);

    serve->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (error || serve->epoll < 0)
        return error ? error : -errno;
    if ((error = timers_open(&serve->timers, serve->conf->listener_count + 3)) ||
        (error = open_buffers(serve)) || (error = open_sockets(serve)))
        return error;
    serve->announce.ready = announced;
    serve->order.ready = ordered;
    if (!watch_eventfd(serve, serve->settings.announce_fd, &serve->announce) ||
        !watch_eventfd(serve, serve->settings.order_fd, &serve->order))
        return -errno;
    serve_stream_open(serve);
    return 0;
}

struct serve *serve_new(const struct serve_settings *settings)
{
    struct serve *serve = calloc(1, sizeof(*serve));
    int error;

    if (!serve)
        return NULL;
    serve->settings = *settings;
    serve->conf = settings->conf;
    serve->epoll = -1;
    serve->accepting = true;
    serve->next_beat = TIMERS_NEVER;
    serve->time_second = -1;
    snprintf(serve->pid_text, sizeof(serve->pid_text), "%d", (int)getpid());
    open_account(serve);
    error = open_all(serve);
    if (error == 0)
        return serve;
    serve_free(serve);
    errno = -error;
    return NULL;
}

void serve_free(struct serve *serve)
{
    if (!serve)
        return;
    close_fd(&serve->epoll);
    client_pool_close(&serve->clients);
    timers_close(&serve->timers);
    free(serve->sockets);
    free(serve->greeting);
    free(serve->batch);
    free(serve);
}
