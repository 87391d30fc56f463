/* SPDX-License-Identifier: MIT */
/* TCP and Unix stream connections: connect, send the message if there is one, read to the end of file, check,
 * close.
 *
 * A client closes only after the server's end of file, so that TIME_WAIT is on the server and no port of this
 * machine is held. */
#include "client/load/generator.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS     256
#define ANSWER_MAX (1u << 24) /* bytes of a greeting */
#define PIECE_MAX  (1u << 16)
#define RETRY_NS   NS_PER_MS /* between two attempts to connect where the queue of a Unix socket is full */

struct conn {
    int fd;      /* -1: free */
    bool queued; /* not connected yet: the queue of the Unix socket is full */
    int64_t due;
    int64_t deadline;
    size_t received;
    size_t sent;
    const struct plan_target *target;
    struct conn *next;
};

struct stream {
    struct generator *generator;
    struct conn *conns, *free;
    unsigned active, queued;
    uint32_t turn; /* of sources and targets */
    char *buffer;
};

static void end(struct stream *stream, struct conn *conn, unsigned class)
{
    generator_ended(stream->generator, class, conn->due);
    close_fd(&conn->fd);
    stream->queued -= conn->queued;
    conn->next = stream->free;
    stream->free = conn;
    stream->active--;
}

static void end_with_error(struct stream *stream, struct conn *conn, unsigned class, int error)
{
    if (class == OUTCOME_LOCAL)
        stream->generator->tally.local_error = error;
    end(stream, conn, class);
}

/* Errors here are seen again when reading. */
static void send_message(struct stream *stream, struct conn *conn)
{
    const struct load_plan *plan = stream->generator->plan;

    while (conn->sent < plan->message_length) {
        ssize_t n = send(conn->fd, plan->message + conn->sent, plan->message_length - conn->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0)
            return;
        conn->sent += (size_t)n;
    }
}

static void watch(struct stream *stream, struct conn *conn)
{
    bool sends = stream->generator->plan->message_length > 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET | (sends ? EPOLLOUT : 0), .data.ptr = conn};

    if (epoll_ctl(stream->generator->epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0)
        end_with_error(stream, conn, OUTCOME_LOCAL, errno);
    else
        send_message(stream, conn); /* before the greeting can arrive */
}

/* Returns false if the queue of a Unix socket is full and the connection has to wait; TCP retries by itself.
 */
static bool connect_conn(struct stream *stream, struct conn *conn)
{
    const struct address *address = &conn->target->address;
    bool connected = connect(conn->fd, &address->sa, address->length) == 0 || errno == EINPROGRESS;
    bool full = !connected && errno == EAGAIN && address->sa.sa_family == AF_UNIX;

    stream->queued += (unsigned)full - (unsigned)conn->queued;
    conn->queued = full;
    if (connected)
        watch(stream, conn);
    else if (!full)
        end_with_error(stream, conn, tally_class_of(errno), errno);
    return !full;
}

static void connect_queued(struct stream *stream)
{
    unsigned left = stream->queued;

    for (struct conn *conn = stream->conns; left > 0; conn++)
        if (conn->queued && (left--, !connect_conn(stream, conn)))
            return;
}

static void start(struct stream *stream, struct conn *conn, int64_t due)
{
    const struct load_plan *plan = stream->generator->plan;
    uint32_t turn = stream->turn++;

    *conn = (struct conn){.due = due, .deadline = stream->generator->now + plan->timeout_ns};
    conn->target = &plan->targets[(turn * plan->threads + stream->generator->index) % plan->target_count];
    stream->active++;
    conn->fd = generator_socket(stream->generator, conn->target, turn);
    if (conn->fd < 0)
        end_with_error(stream, conn, OUTCOME_LOCAL, -conn->fd);
    else
        connect_conn(stream, conn);
}

/* The server has closed: was the answer as expected? */
static void end_of_file(struct stream *stream, struct conn *conn)
{
    const struct load_plan *plan = stream->generator->plan;
    unsigned class = conn->received ? OUTCOME_ANSWERED : OUTCOME_OTHER;

    if (plan->greeting && conn->received < plan->greeting_length)
        class = TALLY_SHORT;
    end(stream, conn, class);
}

static bool is_right(const struct stream *stream, const struct conn *conn, size_t length)
{
    const struct load_plan *plan = stream->generator->plan;

    if (!plan->greeting)
        return conn->received + length <= ANSWER_MAX;
    return conn->received + length <= plan->greeting_length &&
           memcmp(plan->greeting + conn->received, stream->buffer, length) == 0;
}

static void receive(struct stream *stream, struct conn *conn)
{
    for (;;) {
        ssize_t n = recv(conn->fd, stream->buffer, PIECE_MAX, 0);

        if (n > 0 && is_right(stream, conn, (size_t)n)) {
            conn->received += (size_t)n;
            continue;
        }
        if (n > 0)
            end(stream, conn, stream->generator->plan->greeting ? TALLY_WRONG : OUTCOME_OTHER);
        else if (n == 0)
            end_of_file(stream, conn);
        else if (errno != EAGAIN)
            end_with_error(stream, conn, tally_class_of(errno), errno);
        return;
    }
}

static void ready(struct stream *stream, struct conn *conn, uint32_t events)
{
    /* Sending would consume the error; and a connection that accepts no data may still hold a greeting. */
    if (conn->sent < stream->generator->plan->message_length && !(events & (EPOLLERR | EPOLLHUP)))
        send_message(stream, conn);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        receive(stream, conn);
}

static void expire(struct stream *stream)
{
    for (unsigned i = 0; i < stream->generator->connections; i++) {
        struct conn *conn = &stream->conns[i];

        if (conn->fd >= 0 && conn->deadline <= stream->generator->now)
            end(stream, conn, dial_self_connected(conn->fd) ? OUTCOME_REFUSED : OUTCOME_TIMEOUT);
    }
}

static void start_due(struct stream *stream)
{
    int64_t due;

    /* At most one for each connection, so that requests that fail at once do not delay the others. */
    for (unsigned i = 0;
         i < stream->generator->connections && stream->free && generator_may_start(stream->generator, &due);
         i++) {
        struct conn *conn = stream->free;

        stream->free = conn->next;
        start(stream, conn, due);
    }
}

static void run_once(struct stream *stream, int64_t *next_check)
{
    struct generator *generator = stream->generator;
    struct epoll_event events[EVENTS];
    int count;

    start_due(stream);
    count = generator_wait(generator, events, EVENTS, stream->free != NULL,
                           stream->queued ? RETRY_NS : GENERATOR_CHECK_NS);
    for (int i = 0; i < count; i++) {
        ready(stream, events[i].data.ptr, events[i].events);
        if (stream->free) /* after an answer the next request follows at once */
            start_due(stream);
    }
    connect_queued(stream);
    if (generator->now >= *next_check) {
        expire(stream);
        *next_check = generator->now + GENERATOR_CHECK_NS;
    }
}

static void run(struct stream *stream)
{
    int64_t next_check = stream->generator->now + GENERATOR_CHECK_NS;

    for (unsigned i = stream->generator->connections; i-- > 0;) {
        stream->conns[i].fd = -1;
        stream->conns[i].next = stream->free;
        stream->free = &stream->conns[i];
    }
    while (generator_goes_on(stream->generator, stream->active))
        run_once(stream, &next_check);
    for (unsigned i = 0; i < stream->generator->connections; i++)
        close_fd(&stream->conns[i].fd);
}

int generator_run_stream(struct generator *generator)
{
    struct stream stream = {.generator = generator};
    bool began;

    stream.conns = calloc(generator->connections, sizeof(*stream.conns));
    stream.buffer = malloc(PIECE_MAX);
    began = stream.conns && stream.buffer;
    if (began)
        run(&stream);
    free(stream.conns);
    free(stream.buffer);
    return began ? 0 : ENOMEM;
}
