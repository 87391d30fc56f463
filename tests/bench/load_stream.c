/* SPDX-License-Identifier: MIT */
/* TCP and Unix stream clients: connect, perhaps talk, read to the end of file, check, close.
 *
 * A client closes only after the server's end of file, so TIME_WAIT stays with the server and no port of ours
 * is held up. */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256

struct conn {
    int fd; /* -1: free */
    bool ended;
    int64_t due;
    int64_t deadline;
    size_t received;
    size_t talked;
    char tail; /* the last byte received */
    struct conn *next;
};

struct stream {
    struct load_thread *thread;
    struct conn *conns, *free;
    unsigned active;
    uint32_t turn; /* of source addresses */
    uint32_t port; /* of the target's ports */
    char *buffer, *talk;
};

static void release(struct stream *stream, struct conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
    conn->next = stream->free;
    stream->free = conn;
    stream->active--;
}

static void fail(struct stream *stream, struct conn *conn, enum failure failure)
{
    load_failed(stream->thread, failure);
    release(stream, conn);
}

static enum failure failure_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ENOENT:
        return FAILURE_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return FAILURE_RESET;
    case ETIMEDOUT:
        return FAILURE_TIMEOUT;
    default:
        return FAILURE_LOCAL;
    }
}

/* So that thousands of clients a second share neither ports nor the server's TIME_WAIT entries. */
static bool bind_source(struct stream *stream, int fd)
{
    const struct load_options *options = stream->thread->options;
    struct sockaddr_in source = {.sin_family = AF_INET};
    uint32_t number;

    if (options->sources == 0 || options->target.sa.sa_family != AF_INET)
        return true;
    number = (stream->turn++ * options->threads + stream->thread->index) % options->sources;
    source.sin_addr.s_addr = load_source(number);
    return setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int)) == 0 &&
           bind(fd, (struct sockaddr *)&source, sizeof(source)) == 0;
}

/* Returns 0, or -1 with errno. */
static int connect_next(struct stream *stream, int fd)
{
    struct load_target target = stream->thread->options->target;

    if (target.sa.sa_family == AF_INET && target.ports > 1)
        target.in.sin_port = htons((uint16_t)(ntohs(target.in.sin_port) + stream->port++ % target.ports));
    return connect(fd, &target.sa, target.length);
}

/* Returns 0, or what errno says. */
static int talk(struct stream *stream, struct conn *conn)
{
    size_t all = stream->thread->options->talk;

    while (conn->talked < all) {
        ssize_t n = send(conn->fd, stream->talk, all - conn->talked, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0)
            return errno == EAGAIN || errno == ENOTCONN ? 0 : errno;
        conn->talked += (size_t)n;
    }
    return 0;
}

static bool watch(struct stream *stream, struct conn *conn)
{
    bool talks = stream->thread->options->talk > 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET | (talks ? EPOLLOUT : 0), .data.ptr = conn};

    return epoll_ctl(stream->thread->epoll, EPOLL_CTL_ADD, conn->fd, &event) == 0;
}

static void start(struct stream *stream, struct conn *conn, int64_t due)
{
    int family = stream->thread->options->target.sa.sa_family;

    *conn = (struct conn){
        .due = due, .deadline = stream->thread->now + (int64_t)(stream->thread->options->timeout * NS_PER_S)};
    stream->active++;
    conn->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0 || !bind_source(stream, conn->fd)) {
        fail(stream, conn, FAILURE_LOCAL);
        return;
    }
    if (connect_next(stream, conn->fd) < 0 && errno != EINPROGRESS) {
        /* EAGAIN: the backlog of a Unix socket is full, where TCP would try again by itself. */
        fail(stream, conn, errno == EAGAIN ? FAILURE_REFUSED : failure_of(errno));
        return;
    }
    if (!watch(stream, conn))
        fail(stream, conn, FAILURE_LOCAL);
}

/* The client's end of file: all as expected? */
static void conclude(struct stream *stream, struct conn *conn)
{
    const struct load_options *options = stream->thread->options;
    bool whole = options->expected ? conn->received == options->expected_length
                                   : conn->received > 0 && conn->tail == '\n';

    if (!whole) {
        fail(stream, conn, FAILURE_SHORT);
        return;
    }
    load_answered(stream->thread, conn->due);
    release(stream, conn);
}

static bool check(struct stream *stream, struct conn *conn, size_t length)
{
    const struct load_options *options = stream->thread->options;

    conn->tail = stream->buffer[length - 1];
    if (!options->expected)
        return conn->received + length <= ANSWER_MAX;
    return conn->received + length <= options->expected_length &&
           memcmp(options->expected + conn->received, stream->buffer, length) == 0;
}

static void hear(struct stream *stream, struct conn *conn)
{
    for (;;) {
        ssize_t n = recv(conn->fd, stream->buffer, ANSWER_MAX, 0);

        if (n > 0) {
            if (!check(stream, conn, (size_t)n)) {
                fail(stream, conn, FAILURE_WRONG);
                return;
            }
            conn->received += (size_t)n;
        } else if (n == 0) {
            conclude(stream, conn);
            return;
        } else if (errno != EINTR) {
            if (errno != EAGAIN)
                fail(stream, conn, failure_of(errno));
            return;
        }
    }
}

static void ready(struct stream *stream, struct conn *conn, uint32_t events)
{
    /* A refused or reset connection reads as an error below; one that cannot be talked to may still hold a
     * greeting. */
    if (conn->talked < stream->thread->options->talk)
        talk(stream, conn);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        hear(stream, conn);
}

static void expire(struct stream *stream)
{
    for (unsigned i = 0; i < stream->thread->clients; i++)
        if (stream->conns[i].fd >= 0 && stream->conns[i].deadline <= stream->thread->now)
            fail(stream, &stream->conns[i], FAILURE_TIMEOUT);
}

static void start_due(struct stream *stream)
{
    int64_t due;

    /* A round at most, so that those who fail at once do not keep us from hearing the others. */
    for (unsigned i = 0; i < stream->thread->clients && stream->free && load_may_start(stream->thread, &due);
         i++) {
        struct conn *conn = stream->free;

        stream->free = conn->next;
        start(stream, conn, due);
        /* First means before the greeting can be there. */
        if (conn->fd >= 0 && stream->thread->options->talk)
            talk(stream, conn);
    }
}

static void run(struct stream *stream)
{
    struct load_thread *thread = stream->thread;
    struct epoll_event events[EVENTS];
    int64_t next_check = thread->now + CHECK_NS;

    while (stream->active || load_goes_on(thread)) {
        int count;

        start_due(stream);
        count = load_wait(thread, events, EVENTS, stream->free != NULL);
        for (int i = 0; i < count; i++) {
            ready(stream, events[i].data.ptr, events[i].events);
            if (stream->free) /* whoever has its answer asks again at once */
                start_due(stream);
        }
        if (thread->now >= next_check) {
            expire(stream);
            next_check = thread->now + CHECK_NS;
        }
    }
}

bool load_stream(struct load_thread *thread)
{
    struct stream stream = {.thread = thread, .port = thread->index};
    bool opened;

    stream.conns = calloc(thread->clients, sizeof(*stream.conns));
    stream.buffer = malloc(ANSWER_MAX);
    stream.talk = malloc(thread->options->talk + 1);
    opened = stream.conns && stream.buffer && stream.talk;
    if (opened) {
        memset(stream.talk, 'x', thread->options->talk);
        for (unsigned i = thread->clients; i-- > 0;) {
            stream.conns[i].fd = -1;
            stream.conns[i].next = stream.free;
            stream.free = &stream.conns[i];
        }
        run(&stream);
    }
    free(stream.conns);
    free(stream.buffer);
    free(stream.talk);
    return opened;
}
