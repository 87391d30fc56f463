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
#include <string.h>
#include <sys/socket.h>

#define ACCEPT_BATCH  16  /* clients taken from one socket before others get their turn */
#define ACCEPT_QUEUE  256 /* batches that a full queue has: net.core.somaxconn is 4096 */
#define ALONE_SURE    4   /* turns with one client, after which the next is expected to be alone too */
#define ALONE_LOOK    16  /* turns after which that is looked into */
#define UNSENT_KEPT_S 30  /* the kernel goes on sending for so long after a client was given up */

/* --- The end of a client --- */

/* Not for each client that leaves a full house, or watching would cost more than greeting. */
static void note_room(const struct stream *stream)
{
    if (stream->doors->paused && stream->pool.room - stream->pool.active > stream->pool.room / 16)
        doors_have_room(stream->doors);
}

/* What proxies ask for themselves is no greeting, and they break off as they like; what is no request has had
 * its answer, which is no greeting either. */
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
    struct stream *stream = conn->door->transport;
    struct record *record = account_result(stream->account, &conn->door->clients, counted_as(conn, result),
                                           conn->sent, conn->arrived, stream->loop->now);

    if (record) { /* to learn who the client is may cost system calls */
        conn_learn_peer(conn);
        account_fill(stream->account, record, conn->door->member->listener, &conn->peer);
        account_publish(stream->account);
    }
    if (conn->is_held)
        guard_let_go(stream->doors->guard, conn->door->member->listener, &conn->peer.client);
    timer_stop(&conn->idle);
    timer_stop(&conn->total);
    if (conn->ended && !conn->watched && !conn->set_aside)
        closing_add(&stream->closing, conn->fd);
    else
        close(conn->fd); /* leaves epoll by itself */
    if (conn->set_aside)
        aside_left(&stream->aside);
    rest_drop(conn);
    if (conn->part)
        free(conn->part);
    if (conn->told)
        free(conn->told);
    conn_free(&stream->pool, conn);
    note_room(stream);
}

/* A client whose time or whose share of input is used up, or whose place is needed. Without a limit the
 * kernel would keep what was not taken for minutes. */
static void give_up(struct conn *conn)
{
    enum result result = conn->stage->step->give_up(conn);
    unsigned kept = UNSENT_KEPT_S * 1000;

    if (result == RESULT_TIMED_OUT && conn->door->conf->transport == TRANSPORT_TCP)
        setsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kept, sizeof(kept));
    finish(conn, result);
}

/* --- From step to step --- */

static bool set_aside(struct conn *conn)
{
    struct stream *stream = conn->door->transport;

    if (!conn->set_aside)
        conn->set_aside = aside_watch(&stream->aside, conn->fd, &conn->watch, stream->loop->now);
    return conn->set_aside;
}

static bool watch(struct conn *conn, uint32_t events)
{
    struct stream *stream = conn->door->transport;
    bool done = true;

    if (conn->watched && conn->watched != events)
        done = loop_change(stream->loop, conn->fd, events, &conn->watch);
    else if (!conn->watched && !conn->stage->step->patient)
        done = loop_watch(stream->loop, conn->fd, events, &conn->watch);
    else if (!conn->watched)
        return set_aside(conn);
    if (done)
        conn->watched = events;
    return done;
}

/* Whose copy of the greeting waits for room may have to give way; who waits for us may not. */
static struct timer_list *idle_list(const struct conn *conn)
{
    return conn->copy && !conn->stage->step->late ? conn->rests->owners : conn->stage->idle;
}

static void wait_for(struct conn *conn, uint32_t events, bool progress)
{
    struct stream *stream = conn->door->transport;

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
        loop_unwatch(conn->door->doors->loop, conn->fd);
    conn->watched = 0;
    conn->stage++;
}

static void follow(struct conn *conn, enum step_verdict verdict, struct step_outcome *outcome)
{
    struct stream *stream = conn->door->transport;

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
        look_later(&stream->look, &conn->idle, stream->loop->now);
    else
        wait_for(conn, outcome->events, verdict == STEP_WAIT);
}

static void look_at(struct conn *conn, uint32_t events)
{
    struct step_outcome outcome = {0};

    follow(conn, conn->stage->step->ready(conn, events, &outcome), &outcome);
}

static void idle_expired(void *context, struct timer *timer)
{
    struct conn *conn = CONTAINER_OF(timer, struct conn, idle);
    const struct step *step = conn->stage->step;
    struct step_outcome outcome = {0};

    (void)context;
    if (step->late)
        follow(conn, step->late(conn, &outcome), &outcome);
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

    if (conn->fd >= 0) /* or it had to give way in this turn */
        look_at(conn, events);
}

static void first_look(void *context, struct timer *timer)
{
    struct conn *conn = CONTAINER_OF(timer, struct conn, idle);
    struct stream *stream = context;
    struct step_outcome outcome = {0};
    enum step_verdict verdict = conn->stage->step->ready(conn, 0, &outcome);

    look_found(&stream->look, timer, verdict == STEP_STAY || verdict == STEP_WAIT, stream->loop->now);
    follow(conn, verdict, &outcome);
}

/* --- Those who come --- */

static bool is_full(const struct stream *stream)
{
    return stream->pool.active >= stream->pool.room;
}

/* Who has ended, and was to be looked at later only, is looked at now. */
static void find_ended(struct stream *stream)
{
    while (is_full(stream) && look_at_first(&stream->look, stream))
        ;
    closing_finish(&stream->closing);
    if (is_full(stream))
        aside_read(&stream->aside, stream->loop->now);
}

static bool make_room(struct stream *stream)
{
    struct conn *first;

    if (is_full(stream))
        find_ended(stream);
    if (!is_full(stream))
        return true;
    first = leavers_first(&stream->leavers, stream->loop->now);
    if (!first) {
        aside_expect(&stream->aside, stream->loop->now);
        return false;
    }
    give_up(first);
    return true;
}

static void greet(struct stream *stream, struct door *door, int fd, const struct address *peer)
{
    struct conn *conn = conn_new(&stream->pool);
    struct step_outcome outcome = {0};

    account_taken(&door->clients, 1);
    conn->watch.ready = conn_ready;
    conn->rests = &stream->rests;
    conn->door = door;
    conn->fd = fd;
    conn->stage = door->stages;
    conn->arrived = stream->loop->now;
    if (door->conf->transport == TRANSPORT_TCP)
        peer_pack(&conn->peer.client, peer);
    follow(conn, conn->stage->step->enter(conn, &outcome), &outcome);
}

/* Returns whether the next one may be tried. */
static bool failed(struct door *door, int error)
{
    enum accept_verdict verdict = accept_judge(error);

    if (verdict == ACCEPT_SHUT && !door_is_shut(door))
        verdict = ACCEPT_PAUSE;
    switch (verdict) {
    case ACCEPT_NEXT:
        return !door_fails(door, error);
    case ACCEPT_EMPTY:
        return false;
    case ACCEPT_SHUT:
        door_report_shut(door);
        return false;
    case ACCEPT_PAUSE:
        doors_pause(door->doors, &stream_ops, error);
        return false;
    }
    return false;
}

/* Asked only where somebody would have to give way. */
static bool somebody_waits(const struct door *door)
{
    struct pollfd state = {.fd = door->fd, .events = POLLIN};

    return poll(&state, 1, 0) == 1;
}

/* Greets those who wait, most at most. Returns how many there were. */
static int take_waiting(struct stream *stream, struct door *door, int most)
{
    int taken = 0;

    for (int i = 0; i < most && !door->paused && !door->doors->closed; i++) {
        struct address peer __attribute__((uninitialized));
        int fd;

        if (is_full(stream) && !somebody_waits(door))
            break;
        if (!make_room(stream)) {
            doors_pause(door->doors, &stream_ops, 0);
            break;
        }
        peer.length = sizeof(peer.un);
        fd = accept4(door->fd, &peer.sa, &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && !failed(door, errno))
            break;
        if (fd < 0)
            continue;
        door->failures = 0;
        greet(stream, door, fd, &peer);
        taken++;
    }
    return taken;
}

/* To ask an empty queue costs a file made and unmade. Where clients come one by one it is asked now and then
 * only; epoll knows of the others, if there are any. */
static int most_to_take(const struct door *door, uint32_t events)
{
    return events && door->alone >= ALONE_SURE && door->alone % ALONE_LOOK != 0 ? 1 : ACCEPT_BATCH;
}

static int take(struct door *door, uint32_t events)
{
    int taken = take_waiting(door->transport, door, most_to_take(door, events));

    if (taken == 1)
        door->alone++;
    else if (taken > 1)
        door->alone = 0;
    return taken;
}

static bool has_room(const struct door *door)
{
    const struct stream *stream = door->transport;

    return !is_full(stream) || leavers_first(&stream->leavers, stream->loop->now);
}

const struct transport_ops stream_ops = {.take = take, .has_room = has_room, .queue = ACCEPT_QUEUE};

/* --- The frame --- */

int stream_open(struct stream *stream, unsigned room)
{
    const struct conf *conf = stream->conf;
    int error = aside_open(&stream->aside);

    if (!error)
        error = conn_pool_open(&stream->pool, room);
    if (!error)
        error = look_open(&stream->look, first_look);
    if (!error)
        error = timers_open(&stream->timers, stages_lists(conf));
    if (error)
        return error;
    stream->stages = (struct stages){.conf = conf,
                                     .guard = stream->doors->guard,
                                     .timers = &stream->timers,
                                     .idle_expired = idle_expired,
                                     .total_expired = total_expired,
                                     .leavers = &stream->leavers};
    stream->rests =
        (struct rests){.render = stream->render,
                       .owners = timers_list(&stream->timers, conf->send_ns, idle_expired, &stream->rests),
                       .give_up = give_up};
    return stages_open(&stream->stages);
}

void stream_due(struct stream *stream)
{
    int64_t now = stream->loop->now;

    look_due(&stream->look, now, stream);
    closing_finish(&stream->closing);
    /* Those whose time is up may have moved since the set was read. */
    if (stream->aside.count && (now >= aside_next(&stream->aside) || now >= timers_next(&stream->timers)))
        aside_read(&stream->aside, now);
    timers_expire(&stream->timers, now, stream);
}

void stream_hurry(struct stream *stream)
{
    look_hurry(&stream->look, stream);
    closing_finish(&stream->closing);
    aside_hurry(&stream->aside, stream->loop->now);
}

int64_t stream_next(const struct stream *stream)
{
    int64_t timer = timers_next(&stream->timers), aside = aside_next(&stream->aside),
            look = look_next(&stream->look);

    timer = look < timer ? look : timer;
    return timer < aside ? timer : aside;
}

void stream_finish(struct stream *stream)
{
    look_hurry(&stream->look, stream);
    for (unsigned i = 0; i < stream->pool.touched; i++)
        if (stream->pool.all[i].fd >= 0)
            give_up(&stream->pool.all[i]);
    closing_finish(&stream->closing);
}

void stream_close(struct stream *stream)
{
    conn_pool_close(&stream->pool);
    look_close(&stream->look);
    timers_close(&stream->timers);
    aside_close(&stream->aside);
    stages_close(&stream->stages);
}
