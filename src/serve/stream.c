/* SPDX-License-Identifier: MIT */
#include "serve/stream.h"

#include "base/deadlines.h"
#include "base/util.h"
#include "guard/guard.h"
#include "serve/accept.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define ACCEPT_BATCH  16  /* clients taken from one socket before others get their turn */
#define ACCEPT_QUEUE  256 /* batches of a full queue: net.core.somaxconn is 4096 */
#define ALONE_SURE    4   /* turns with one client after which one more is expected to be alone, too */
#define ALONE_LOOK    16  /* turns after which that is checked */
#define UNSENT_KEPT_S 30  /* how long the kernel keeps sending after a client was given up */

/* --- The end of a client --- */

/* Not for each client that ends at the limit, or watching would cost more than greeting. */
static void note_room(const struct stream *stream)
{
    if (stream->acceptors->paused && stream->pool.room - stream->pool.active > stream->pool.room / 16)
        acceptors_have_room(stream->acceptors);
}

/* A proxy's own connection is not a greeting, and may end at any time. An invalid request was answered, but
 * not with a greeting. */
static enum result counted_as(const struct conn *conn, enum result result)
{
    static const enum result answers[REQUEST_KINDS] = {
        [REQUEST_GOOD] = RESULT_SENT,       [REQUEST_BAD] = RESULT_BAD_REQUEST,
        [REQUEST_PART] = RESULT_NO_REQUEST, [REQUEST_NONE] = RESULT_NO_REQUEST,
        [REQUEST_TLS] = RESULT_TLS,         [REQUEST_HTTP2] = RESULT_HTTP2};

    if (conn->for_itself && (result == RESULT_SENT || result == RESULT_RESET))
        return RESULT_CHECKED;
    return result == RESULT_SENT ? answers[conn->request.kind] : result;
}

static void finish(struct conn *conn, enum result result)
{
    struct stream *stream = conn->acceptor->transport;
    struct record *record =
        account_result(stream->account, &conn->acceptor->clients, counted_as(conn, result), conn->sent,
                       conn->arrived, stream->loop->now);

    if (record) { /* learning the client's address may cost system calls */
        conn_learn_peer(conn);
        account_fill(stream->account, record, conn->acceptor->member->listener, &conn->peer);
        account_publish(stream->account);
    }
    if (conn->held)
        guard_let_go(stream->acceptors->guard, conn->held);
    timer_stop(&conn->idle);
    timer_stop(&conn->total);
    if (conn->ended && !conn->watched && !conn->is_deferred)
        closing_add(&stream->closing, conn->fd);
    else
        close(conn->fd); /* which also removes it from epoll */
    if (conn->is_deferred)
        deferred_removed(&stream->deferred);
    unsent_drop(conn);
    if (conn->part)
        free(conn->part);
    if (conn->proxy_info)
        free(conn->proxy_info);
    conn_free(&stream->pool, conn);
    note_room(stream);
}

/* Ends a client whose time is up, that has sent too much, or that is closed to make room. Without the timeout
 * the kernel would keep unsent data for minutes. */
static void give_up(struct conn *conn)
{
    enum result result = conn->stage->step->give_up(conn);
    unsigned kept = UNSENT_KEPT_S * 1000;

    if (result == RESULT_TIMED_OUT && conn->acceptor->conf->transport == TRANSPORT_TCP)
        setsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kept, sizeof(kept));
    finish(conn, result);
}

/* --- From step to step --- */

static bool defer(struct conn *conn)
{
    struct stream *stream = conn->acceptor->transport;

    if (!conn->is_deferred)
        conn->is_deferred = deferred_watch(&stream->deferred, conn->fd, &conn->watch, stream->loop->now);
    return conn->is_deferred;
}

static bool watch(struct conn *conn, uint32_t events)
{
    struct stream *stream = conn->acceptor->transport;
    bool done = true;

    if (conn->watched && conn->watched != events)
        done = loop_change(stream->loop, conn->fd, events, &conn->watch);
    else if (!conn->watched && !conn->stage->step->patient)
        done = loop_watch(stream->loop, conn->fd, events, &conn->watch);
    else if (!conn->watched)
        return defer(conn);
    if (done)
        conn->watched = events;
    return done;
}

/* A client with a copy of its greeting is in the list from which unsent_keep() may evict; one in a delay is
 * not. */
static struct timer_list *idle_list(const struct conn *conn)
{
    return conn->copy && !conn->stage->step->late ? conn->copies->owners : conn->stage->idle;
}

static void wait_for(struct conn *conn, uint32_t events, bool progress)
{
    struct stream *stream = conn->acceptor->transport;

    if (!watch(conn, events)) { /* ENOMEM, ENOSPC */
        give_up(conn);
        return;
    }
    if (conn->stage->total && !timer_is_started(&conn->total))
        timer_start(&conn->total, conn->stage->total, stream->loop->now);
    if (progress || !timer_is_started(&conn->idle))
        timer_start(&conn->idle, idle_list(conn), stream->loop->now);
}

static void leave_step(struct conn *conn)
{
    timer_stop(&conn->idle);
    timer_stop(&conn->total);
    if (conn->watched)
        loop_unwatch(conn->acceptor->acceptors->loop, conn->fd);
    conn->watched = 0;
    conn->stage++;
}

static void apply_verdict(struct conn *conn, enum step_verdict verdict, struct step_outcome *outcome)
{
    struct stream *stream = conn->acceptor->transport;

    while (verdict == STEP_NEXT) {
        leave_step(conn);
        if (!conn->stage->step) {
            finish(conn, RESULT_SENT);
            return;
        }
        verdict = conn->stage->step->enter(conn, outcome);
    }
    if (verdict == STEP_END)
        finish(conn, outcome->result);
    else if (verdict == STEP_LATER)
        first_check_later(&stream->first_check, &conn->idle, stream->loop->now);
    else
        wait_for(conn, outcome->events, verdict == STEP_WAIT);
}

static void run_step(struct conn *conn, uint32_t events)
{
    struct step_outcome outcome = {0};

    apply_verdict(conn, conn->stage->step->ready(conn, events, &outcome), &outcome);
}

static void idle_expired(void *context, struct timer *timer)
{
    struct conn *conn = CONTAINER_OF(timer, struct conn, idle);
    const struct step *step = conn->stage->step;
    struct step_outcome outcome = {0};

    (void)context;
    if (step->late)
        apply_verdict(conn, step->late(conn, &outcome), &outcome);
    else
        give_up(conn);
}

static void total_expired(void *context, struct timer *timer)
{
    (void)context;
    give_up(CONTAINER_OF(timer, struct conn, total));
}

static void conn_ready(struct watch *watch, uint32_t events)
{
    struct conn *conn = CONTAINER_OF(watch, struct conn, watch);

    if (conn->fd >= 0) /* else it was closed in this turn */
        run_step(conn, events);
}

static void check_first_time(void *context, struct timer *timer)
{
    struct conn *conn = CONTAINER_OF(timer, struct conn, idle);
    struct stream *stream = context;
    struct step_outcome outcome = {0};
    enum step_verdict verdict = conn->stage->step->ready(conn, 0, &outcome);

    first_check_found(&stream->first_check, timer, verdict == STEP_STAY || verdict == STEP_WAIT,
                      stream->loop->now);
    apply_verdict(conn, verdict, &outcome);
}

/* --- Accepting --- */

static bool is_full(const struct stream *stream)
{
    return stream->pool.active >= stream->pool.room;
}

/* Finds clients that have ended and whose first check is not due yet. */
static void find_ended(struct stream *stream)
{
    while (is_full(stream) && first_check_oldest(&stream->first_check, stream))
        ;
    closing_finish(&stream->closing);
    if (is_full(stream))
        deferred_read(&stream->deferred, stream->loop->now);
}

static bool make_room(struct stream *stream)
{
    struct conn *first;

    if (is_full(stream))
        find_ended(stream);
    if (!is_full(stream))
        return true;
    first = eviction_choose(&stream->eviction, stream->loop->now);
    if (!first) {
        deferred_expect(&stream->deferred, stream->loop->now);
        return false;
    }
    give_up(first);
    return true;
}

static void greet(struct stream *stream, struct acceptor *acceptor, int fd, const struct address *peer)
{
    struct conn *conn = conn_new(&stream->pool);
    struct step_outcome outcome = {0};

    account_taken(&acceptor->clients, 1);
    conn->watch.ready = conn_ready;
    conn->copies = &stream->copies;
    conn->acceptor = acceptor;
    conn->fd = fd;
    conn->stage = acceptor->stages;
    conn->arrived = stream->loop->now;
    if (acceptor->conf->transport == TRANSPORT_TCP)
        peer_pack(&conn->peer.client, peer);
    apply_verdict(conn, conn->stage->step->enter(conn, &outcome), &outcome);
}

/* Returns whether to try the next client. */
static bool failed(struct acceptor *acceptor, int error)
{
    enum accept_verdict verdict = accept_judge(error);

    if (verdict == ACCEPT_SHUT && !acceptor_is_shut(acceptor))
        verdict = ACCEPT_PAUSE;
    switch (verdict) {
    case ACCEPT_NEXT:
        return !acceptor_fails(acceptor, error);
    case ACCEPT_EMPTY:
        return false;
    case ACCEPT_SHUT:
        acceptor_report_shut(acceptor);
        return false;
    case ACCEPT_PAUSE:
        acceptors_pause(acceptor->acceptors, &stream_ops, error);
        return false;
    }
    return false;
}

/* Called only if another client would have to be closed for it. */
static bool is_client_waiting(const struct acceptor *acceptor)
{
    struct pollfd state = {.fd = acceptor->fd, .events = POLLIN};

    return poll(&state, 1, 0) == 1;
}

/* Accepts and greets waiting clients, at most most. Returns how many there were. */
static int take_waiting(struct stream *stream, struct acceptor *acceptor, int most)
{
    int taken = 0;

    for (int i = 0; i < most && !acceptor->paused && !acceptor->acceptors->closed; i++) {
        struct address peer __attribute__((uninitialized));
        int fd;

        if (is_full(stream) && !is_client_waiting(acceptor))
            break;
        if (!make_room(stream)) {
            acceptors_pause(acceptor->acceptors, &stream_ops, 0);
            break;
        }
        peer.length = sizeof(peer.un);
        fd = accept4(acceptor->fd, &peer.sa, &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && !failed(acceptor, errno))
            break;
        if (fd < 0)
            continue;
        acceptor->failures = 0;
        greet(stream, acceptor, fd, &peer);
        taken++;
    }
    return taken;
}

/* accept4(2) on an empty queue is expensive: the kernel creates and frees a file. If clients come one by one,
 * it is tried only sometimes; epoll reports the others. */
static int most_to_take(const struct acceptor *acceptor, uint32_t events)
{
    return events && acceptor->alone >= ALONE_SURE && acceptor->alone % ALONE_LOOK != 0 ? 1 : ACCEPT_BATCH;
}

static int take(struct acceptor *acceptor, uint32_t events)
{
    int taken = take_waiting(acceptor->transport, acceptor, most_to_take(acceptor, events));

    if (taken == 1)
        acceptor->alone++;
    else if (taken > 1)
        acceptor->alone = 0;
    return taken;
}

static bool has_room(const struct acceptor *acceptor)
{
    const struct stream *stream = acceptor->transport;

    return !is_full(stream) || eviction_choose(&stream->eviction, stream->loop->now);
}

const struct transport_ops stream_ops = {.take = take, .has_room = has_room, .queue = ACCEPT_QUEUE};

/* --- The frame --- */

int stream_open(struct stream *stream, unsigned room)
{
    const struct conf *conf = stream->conf;
    int error = deferred_open(&stream->deferred);

    if (!error)
        error = conn_pool_open(&stream->pool, room);
    if (!error)
        error = first_check_open(&stream->first_check, check_first_time);
    if (!error)
        error = timers_open(&stream->timers, stages_lists(conf));
    if (error)
        return error;
    stream->stages = (struct stages){.conf = conf,
                                     .guard = stream->acceptors->guard,
                                     .timers = &stream->timers,
                                     .idle_expired = idle_expired,
                                     .total_expired = total_expired,
                                     .eviction = &stream->eviction};
    stream->copies = (struct unsent_copies){
        .render = stream->render,
        .owners = timers_list(&stream->timers, conf->send_ns, idle_expired, &stream->copies),
        .give_up = give_up};
    return stages_open(&stream->stages);
}

void stream_due(struct stream *stream)
{
    int64_t now = stream->loop->now;

    first_check_due(&stream->first_check, now, stream);
    closing_finish(&stream->closing);
    /* Clients whose time is up may have made progress since the set was read. */
    if (stream->deferred.count &&
        (now >= deferred_next(&stream->deferred) || now >= timers_next(&stream->timers)))
        deferred_read(&stream->deferred, now);
    timers_expire(&stream->timers, now, stream);
}

void stream_hurry(struct stream *stream)
{
    first_check_hurry(&stream->first_check, stream);
    closing_finish(&stream->closing);
    deferred_hurry(&stream->deferred, stream->loop->now);
}

int64_t stream_next(const struct stream *stream)
{
    int64_t timer = timers_next(&stream->timers), deferred = deferred_next(&stream->deferred),
            check = first_check_next(&stream->first_check);

    timer = check < timer ? check : timer;
    return timer < deferred ? timer : deferred;
}

void stream_finish(struct stream *stream)
{
    first_check_hurry(&stream->first_check, stream);
    for (unsigned i = 0; i < stream->pool.touched; i++)
        if (stream->pool.all[i].fd >= 0)
            give_up(&stream->pool.all[i]);
    closing_finish(&stream->closing);
}

void stream_close(struct stream *stream)
{
    conn_pool_close(&stream->pool);
    first_check_close(&stream->first_check);
    timers_close(&stream->timers);
    deferred_close(&stream->deferred);
    stages_close(&stream->stages);
}
