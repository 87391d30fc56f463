/* SPDX-License-Identifier: MIT */
/* TCP and Unix stream connections: connect, perhaps talk, read to the end of file, check, close.
 *
 * A client closes only after the server's end of file, so TIME_WAIT stays with the server and no port of ours
 * is held up. */
#include "client/load/lane.h"

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
    size_t talked;
    const struct plan_target *target;
    struct conn *next;
};

struct stream {
    struct lane *lane;
    struct conn *conns, *free;
    unsigned active, queued;
    uint32_t turn; /* of sources and targets */
    char *buffer;
};

static void end(struct stream *stream, struct conn *conn, unsigned class)
{
    lane_ended(stream->lane, class, conn->due);
    close_fd(&conn->fd);
    stream->queued -= conn->queued;
    conn->next = stream->free;
    stream->free = conn;
    stream->active--;
}

static void end_with_error(struct stream *stream, struct conn *conn, unsigned class, int error)
{
    if (class == OUTCOME_LOCAL)
        stream->lane->tally.local_error = error;
    end(stream, conn, class);
}

/* What goes wrong here is seen again when reading. */
static void talk(struct stream *stream, struct conn *conn)
{
    const struct load_plan *plan = stream->lane->plan;

    while (conn->talked < plan->message_length) {
        ssize_t n = send(conn->fd, plan->message + conn->talked, plan->message_length - conn->talked,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0)
            return;
        conn->talked += (size_t)n;
    }
}

static void watch(struct stream *stream, struct conn *conn)
{
    bool talks = stream->lane->plan->message_length > 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET | (talks ? EPOLLOUT : 0), .data.ptr = conn};

    if (epoll_ctl(stream->lane->epoll, EPOLL_CTL_ADD, conn->fd, &event) < 0)
        end_with_error(stream, conn, OUTCOME_LOCAL, errno);
    else
        talk(stream, conn); /* before the greeting can be there */
}

/* Returns false if the connection has to wait for room in the queue of a Unix socket: TCP tries again by
 * itself. */
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
    const struct load_plan *plan = stream->lane->plan;
    uint32_t turn = stream->turn++;

    *conn = (struct conn){.due = due, .deadline = stream->lane->now + plan->timeout_ns};
    conn->target = &plan->targets[(turn * plan->threads + stream->lane->index) % plan->target_count];
    stream->active++;
    conn->fd = lane_socket(stream->lane, conn->target, turn);
    if (conn->fd < 0)
        end_with_error(stream, conn, OUTCOME_LOCAL, -conn->fd);
    else
        connect_conn(stream, conn);
}

/* The server's end of file: all as expected? */
static void conclude(struct stream *stream, struct conn *conn)
{
    const struct load_plan *plan = stream->lane->plan;
    unsigned class = conn->received ? OUTCOME_ANSWERED : OUTCOME_OTHER;

    if (plan->greeting && conn->received < plan->greeting_length)
        class = TALLY_SHORT;
    end(stream, conn, class);
}

static bool is_right(const struct stream *stream, const struct conn *conn, size_t length)
{
    const struct load_plan *plan = stream->lane->plan;

    if (!plan->greeting)
        return conn->received + length <= ANSWER_MAX;
    return conn->received + length <= plan->greeting_length &&
           memcmp(plan->greeting + conn->received, stream->buffer, length) == 0;
}

static void hear(struct stream *stream, struct conn *conn)
{
    for (;;) {
        ssize_t n = recv(conn->fd, stream->buffer, PIECE_MAX, 0);

        if (n > 0 && is_right(stream, conn, (size_t)n)) {
            conn->received += (size_t)n;
            continue;
        }
        if (n > 0)
            end(stream, conn, stream->lane->plan->greeting ? TALLY_WRONG : OUTCOME_OTHER);
        else if (n == 0)
            conclude(stream, conn);
        else if (errno != EAGAIN)
            end_with_error(stream, conn, tally_class_of(errno), errno);
        return;
    }
}

static void ready(struct stream *stream, struct conn *conn, uint32_t events)
{
    /* Talking would take the error; and one that cannot be talked to may still hold a greeting. */
    if (conn->talked < stream->lane->plan->message_length && !(events & (EPOLLERR | EPOLLHUP)))
        talk(stream, conn);
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        hear(stream, conn);
}

static void expire(struct stream *stream)
{
    for (unsigned i = 0; i < stream->lane->connections; i++) {
        struct conn *conn = &stream->conns[i];

        if (conn->fd >= 0 && conn->deadline <= stream->lane->now)
            end(stream, conn, dial_met_itself(conn->fd) ? OUTCOME_REFUSED : OUTCOME_TIMEOUT);
    }
}

static void start_due(struct stream *stream)
{
    int64_t due;

    /* A round at most, so that those who fail at once do not keep us from hearing the others. */
    for (unsigned i = 0; i < stream->lane->connections && stream->free && lane_may_start(stream->lane, &due);
         i++) {
        struct conn *conn = stream->free;

        stream->free = conn->next;
        start(stream, conn, due);
    }
}

static void turn(struct stream *stream, int64_t *next_check)
{
    struct lane *lane = stream->lane;
    struct epoll_event events[EVENTS];
    int count;

    start_due(stream);
    count = lane_wait(lane, events, EVENTS, stream->free != NULL, stream->queued ? RETRY_NS : LANE_CHECK_NS);
    for (int i = 0; i < count; i++) {
        ready(stream, events[i].data.ptr, events[i].events);
        if (stream->free) /* after an answer the next request follows at once */
            start_due(stream);
    }
    connect_queued(stream);
    if (lane->now >= *next_check) {
        expire(stream);
        *next_check = lane->now + LANE_CHECK_NS;
    }
}

static void run(struct stream *stream)
{
    int64_t next_check = stream->lane->now + LANE_CHECK_NS;

    for (unsigned i = stream->lane->connections; i-- > 0;) {
        stream->conns[i].fd = -1;
        stream->conns[i].next = stream->free;
        stream->free = &stream->conns[i];
    }
    while (lane_goes_on(stream->lane, stream->active))
        turn(stream, &next_check);
    for (unsigned i = 0; i < stream->lane->connections; i++)
        close_fd(&stream->conns[i].fd);
}

int lane_run_stream(struct lane *lane)
{
    struct stream stream = {.lane = lane};
    bool began;

    stream.conns = calloc(lane->connections, sizeof(*stream.conns));
    stream.buffer = malloc(PIECE_MAX);
    began = stream.conns && stream.buffer;
    if (began)
        run(&stream);
    free(stream.conns);
    free(stream.buffer);
    return began ? 0 : ENOMEM;
}
