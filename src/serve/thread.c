/* SPDX-License-Identifier: MIT */
#include "serve/serve_internal.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#define EVENTS_PER_TURN 64
#define IN_VAIN_LOOK    64 /* wake-ups for nobody between two looks whether the socket was shut down */
#define PAUSE_NS        (100 * NS_PER_MS) /* without descriptors or memory */

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

void serve_unwatch(struct serve *serve, const struct serve_socket *socket)
{
    epoll_ctl(serve->epoll, EPOLL_CTL_DEL, socket->fd, NULL);
}

void serve_report_shut(struct serve *serve, struct serve_socket *socket)
{
    uint64_t one = 1;

    serve_unwatch(serve, socket);
    socket->shut = true;
    if (write(serve->settings.attention_fd, &one, sizeof(one)) < 0)
        return; /* it is readable already */
}

void serve_note_taken(struct serve *serve, struct serve_socket *socket, uint32_t events, int taken)
{
    struct pollfd state = {.fd = socket->fd, .events = POLLRDHUP};

    if (taken > 0 || events == 0) {
        socket->in_vain = taken > 0 ? 0 : socket->in_vain;
        return;
    }
    if (++socket->in_vain % IN_VAIN_LOOK == 0 && poll(&state, 1, 0) == 1 &&
        (state.revents & (POLLHUP | POLLRDHUP)))
        serve_report_shut(serve, socket);
}

/* Tries a listening socket again, and one that was shut down in the hope that it listens. */
static void try_socket(struct serve *serve, struct serve_socket *socket)
{
    if (socket->shut && !watch_socket(serve, socket))
        return; /* no memory for the watch: later */
    socket->shut = false;
    socket->watch.ready(serve, &socket->watch, 0);
}

/* A wake-up that another thread took with it when it died is not passed on by the kernel. */
static void try_sockets(struct serve *serve)
{
    for (size_t i = 0; i < serve->socket_count; i++)
        if (serve->accepting && !serve->sockets[i].left && !(serve->paused && serve->sockets[i].stream))
            try_socket(serve, &serve->sockets[i]);
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
            serve_unwatch(serve, &serve->sockets[i]);
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
    for (size_t i = 0; i < serve->socket_count; i++) {
        struct serve_socket *socket = &serve->sockets[i];

        if (!socket->stream || socket->left)
            continue;
        if (!watch_socket(serve, socket)) {
            serve_pause(serve, errno); /* no memory for the watch: undo, and try again */
            return;
        }
        socket->shut = false;
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

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When something is due, or TIMERS_NEVER. */
static int64_t next_due(const struct serve *serve)
{
    int64_t next = earliest(timers_next(&serve->timers), serve->next_beat);

    if (serve->paused)
        next = earliest(next, serve->resume_at);
    if (serve->draining)
        next = earliest(next, serve->accepting ? serve->drain_end : serve->close_end);
    if (serve->retiring && serve->accepting && serve->now < serve->sweep_from)
        next = earliest(next, serve->sweep_from);
    return next;
}

static void alarm_went_off(struct serve *serve, struct watch *watch, uint32_t events)
{
    (void)watch;
    (void)events;
    serve->alarm_at = TIMERS_NEVER;
}

/* A timeout of epoll_wait is set and cancelled in every turn. This alarm is set once for many: mostly to the
 * next heartbeat, before which nothing else is due. */
static int await(struct serve *serve, struct epoll_event *events)
{
    int64_t next = next_due(serve);
    struct itimerspec at = {.it_value = {.tv_sec = next / NS_PER_S, .tv_nsec = next % NS_PER_S}};

    if (next <= serve->now)
        return epoll_wait(serve->epoll, events, EVENTS_PER_TURN, 0);
    if (next < serve->alarm_at) {
        timerfd_settime(serve->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL);
        serve->alarm_at = next;
    }
    return epoll_wait(serve->epoll, events, EVENTS_PER_TURN, -1);
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
    serve_ordered(serve, NULL, 0); /* an order may have come before the thread ran */
    while (!serve_drained(serve)) {
        int count = await(serve, events);

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

/* The values of VARIABLES that are known PER_CLIENT. */
size_t serve_render(struct serve *serve, const struct conf_listener *listener,
                    const struct record_address *client, const struct record_address *server, char *out)
{
    const struct greeting *greeting = listener->greeting;
    struct end_text client_text, server_text;
    struct greeting_values values = {
        .value = {[VARIABLE_CLIENT_ADDRESS] = client_text.host,
                  [VARIABLE_CLIENT_PORT] = client_text.port,
                  [VARIABLE_SERVER_ADDRESS] = listener->path ? listener->path : server_text.host,
                  [VARIABLE_SERVER_PORT] = server_text.port,
                  [VARIABLE_PID] = serve->pid_text},
    };

    format_end(&client_text, client);
    format_end(&server_text, listener->path ? NULL : server);
    if (greeting->template.uses & 1u << VARIABLE_TIME)
        values.value[VARIABLE_TIME] = time_text(serve);
    return greeting_render(greeting, &values, out);
}

static void open_socket(struct serve_socket *socket, const struct sockets_member *member)
{
    socket->member = member;
    socket->conf = member->conf;
    socket->fd = member->socket->fd;
    socket->stream = transport_socket_type(member->conf->transport) == SOCK_STREAM;
    socket->watch.ready = socket->stream ? serve_stream_ready : serve_dgram_ready;
    record_pack(&socket->bound, &member->socket->address);
}

/* A thread with no room for clients leaves the stream sockets to others. The order matters to EPOLLEXCLUSIVE:
 * each thread is first in line at its own UDP shard. */
static int open_sockets(struct serve *serve)
{
    const struct sockets *set = serve->settings.sockets;
    size_t start = serve->settings.worker * serve->settings.shared->threads + serve->settings.thread;

    serve->sockets = calloc(set->count + 1, sizeof(*serve->sockets));
    if (!serve->sockets)
        return -ENOMEM;
    for (size_t i = 0; i < set->count; i++) {
        const struct sockets_member *member = &set->members[(start + i) % set->count];
        struct serve_socket *socket = &serve->sockets[serve->socket_count];

        open_socket(socket, member);
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

        if (!greeting->is_static && greeting->template.max_length > largest)
            largest = greeting->template.max_length;
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
    atomic_store(&serve->shared->closed, false); /* the predecessor's word */
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
    serve->order.ready = serve_ordered;
    serve->alarm.ready = alarm_went_off;
    serve->alarm_at = TIMERS_NEVER;
    serve->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (serve->alarm_fd < 0 || !watch_eventfd(serve, serve->alarm_fd, &serve->alarm))
        return -errno;
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
    serve->alarm_fd = -1;
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
    close_fd(&serve->alarm_fd);
    client_pool_close(&serve->clients);
    timers_close(&serve->timers);
    free(serve->sockets);
    free(serve->greeting);
    free(serve->batch);
    free(serve);
}
