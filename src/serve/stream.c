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
#define LINGER_LEAST  (100 * NS_PER_MS) /* nobody is sent away for others before */
#define UNSENT_KEPT_S 30 /* the kernel goes on sending for so long after a client was given up */

/* --- The end of a client --- */

/* Not for each client that leaves a full house, or watching would cost more than greeting. */
static void note_room(const struct stream *stream)
{
    if (stream->doors->paused && stream->pool.room - stream->pool.active > stream->pool.room / 16)
        doors_have_room(stream->doors);
}

/* What proxies ask for themselves is no greeting, and they break off as they like. */
static enum result counted_as(const struct conn *conn, enum result result)
{
    return conn->for_itself && (result == RESULT_SENT || result == RESULT_RESET) ? RESULT_CHECKED : result;
}

static void finish(struct conn *conn, enum result result)
{
    struct stream *stream = conn->door->transport;
    struct record *record = account_result(stream->account, counted_as(conn, result), conn->sent,
                                           conn->arrived, stream->loop->now);

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
    if (conn->asked)
        free(conn->asked);
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

static void idle_expired(void *context, struct timer *timer)
{
    (void)context;
    give_up(CONTAINER_OF(timer, struct conn, idle));
}

static void total_expired(void *context, struct timer *timer)
{
    (void)context;
    give_up(CONTAINER_OF(timer, struct conn, total));
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

static void wait_for(struct conn *conn, uint32_t events, bool progress)
{
    struct stream *stream = conn->door->transport;

    if (!watch(conn, events)) { /* ENOMEM, ENOSPC */
        give_up(conn);
        return;
    }
    if (!timer_is_started(&conn->total))
        timer_start(&conn->total, conn->stage->total, stream->loop->now);
    if (progress || !timer_is_started(&conn->idle))
        timer_start(&conn->idle, conn->copy ? stream->rests.owners : conn->stage->idle, stream->loop->now);
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

/* Whose place a client that waits may have: who has lingered longest has had its greeting, who waits has not.
 */
static struct timer *first_to_give_way(const struct stream *stream)
{
    struct timer *first = timer_list_first(stream->linger_total);

    return first && stream->loop->now - timer_started_at(first) >= LINGER_LEAST ? first : NULL;
}

static bool make_room(struct stream *stream)
{
    struct timer *first;

    if (is_full(stream))
        find_ended(stream);
    if (!is_full(stream))
        return true;
    first = first_to_give_way(stream);
    if (!first) {
        aside_expect(&stream->aside, stream->loop->now);
        return false;
    }
    give_up(CONTAINER_OF(first, struct conn, total));
    return true;
}

static void greet(struct stream *stream, struct door *door, int fd, const struct address *peer)
{
    struct conn *conn = conn_new(&stream->pool);
    struct step_outcome outcome = {0};

    account_taken(stream->account, 1);
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
    return !is_full(door->transport) || first_to_give_way(door->transport);
}

const struct transport_ops stream_ops = {.take = take, .has_room = has_room, .queue = ACCEPT_QUEUE};

/* --- The frame --- */

static struct timer_list *list(struct stream *stream, int64_t duration, timer_expired *expired,
                               const void *kind)
{
    return timers_list(&stream->timers, duration, expired, kind);
}

static void plan(struct stream *stream, const struct conf_listener *listener, struct stage *stage)
{
    const struct conf *conf = stream->conf;

    if (conf_is_proxied(listener))
        *stage++ = (struct stage){.step = &step_proxy,
                                  .idle = list(stream, conf->proxy_ns, idle_expired, &step_proxy),
                                  .total = list(stream, conf->proxy_ns, total_expired, &step_proxy)};
    if (guard_is_needed(stream->doors->guard, (size_t)(listener - conf->listeners)))
        *stage++ = (struct stage){.step = &step_admit};
    *stage++ = (struct stage){.step = &step_greet,
                              .idle = list(stream, conf->send_ns, idle_expired, &step_greet),
                              .total = list(stream, conf->send_total_ns, total_expired, &step_greet)};
    if (listener->linger_ns)
        *stage++ = (struct stage){.step = &step_linger,
                                  .idle = list(stream, listener->linger_ns, idle_expired, &step_linger),
                                  .total = stream->linger_total};
    stage->step = NULL;
}

int stream_open(struct stream *stream, unsigned room)
{
    const struct conf *conf = stream->conf;
    int error = aside_open(&stream->aside);

    if (!error)
        error = conn_pool_open(&stream->pool, room);
    if (!error)
        error = look_open(&stream->look, first_look);
    if (!error)
        error = timers_open(&stream->timers, conf->listener_count + 6);
    if (error)
        return error;
    stream->stages = calloc(conf->listener_count * STEPS_MAX, sizeof(*stream->stages));
    if (!stream->stages)
        return -ENOMEM;
    stream->rests = (struct rests){.render = stream->render,
                                   .owners = list(stream, conf->send_ns, idle_expired, &stream->rests),
                                   .give_up = give_up};
    stream->linger_total = list(stream, conf->linger_total_ns, total_expired, &step_linger);
    for (size_t i = 0; i < conf->listener_count; i++)
        plan(stream, &conf->listeners[i], &stream->stages[i * STEPS_MAX]);
    return 0;
}

const struct stage *stream_stages(const struct stream *stream, size_t listener)
{
    return &stream->stages[listener * STEPS_MAX];
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
    free(stream->stages);
    stream->stages = NULL;
}
