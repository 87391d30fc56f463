/* SPDX-License-Identifier: MIT */
/* The step that sends the greeting.
 *
 * While a large one is on its way, the client's input is read away too, lest both sides wait for each other.
 */
#include "serve/discard.h"
#include "serve/door.h"
#include "serve/rest.h"
#include "serve/steps.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* MSG_MORE holds the last segment back, so that it leaves together with the end of file that shutdown() adds;
 * where none comes it must not wait. */
static ssize_t send_some(const struct conn *conn)
{
    int more = conn->door->conf->end == CONF_END_CLOSE ? MSG_MORE : 0;

    return send(conn->fd, conn->rest, conn->rest_length, more | MSG_NOSIGNAL | MSG_DONTWAIT);
}

static enum step_verdict wait_for_room(struct conn *conn, bool progress, struct step_outcome *outcome)
{
    outcome->events = EPOLLOUT | (conn->peer_ended || conn->deaf ? 0 : EPOLLIN);
    if (!rest_keep(conn))
        return step_end(outcome, RESULT_TIMED_OUT);
    return progress ? STEP_WAIT : STEP_STAY;
}

/* By the clock of the turn: who is greeted in the turn in which he came took no time. */
static void note_time(const struct conn *conn)
{
    const struct doors *doors = conn->door->doors;

    stats_add(&doors->shared->stats.times[times_range(doors->loop->now - conn->arrived)], 1);
}

static enum step_verdict send_rest(struct conn *conn, struct step_outcome *outcome)
{
    bool progress = false;

    while (conn->rest_length) {
        ssize_t n = send_some(conn);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return wait_for_room(conn, progress, outcome);
        if (n < 0)
            return step_end(outcome, RESULT_RESET);
        progress = true;
        conn->rest += n;
        conn->rest_length -= (uint32_t)n;
        conn->sent += (uint32_t)n;
    }
    rest_drop(conn);
    note_time(conn);
    return STEP_NEXT;
}

static enum step_verdict enter(struct conn *conn, struct step_outcome *outcome)
{
    enum step_verdict verdict;

    rest_render(conn);
    verdict = send_rest(conn, outcome);
    return verdict == STEP_STAY ? STEP_WAIT : verdict; /* its time begins */
}

/* Returns false if the connection is broken. */
static bool hear(struct conn *conn)
{
    switch (discard_input(conn)) {
    case INPUT_END:
        conn->peer_ended = true;
        return true;
    case INPUT_TOO_MUCH:
        conn->deaf = true;
        return true;
    case INPUT_RESET:
        return false;
    default:
        return true;
    }
}

static enum step_verdict ready(struct conn *conn, uint32_t events, struct step_outcome *outcome)
{
    if ((events & EPOLLIN) && !hear(conn))
        return step_end(outcome, RESULT_RESET);
    if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        return send_rest(conn, outcome);
    return wait_for_room(conn, false, outcome);
}

static enum result give_up(const struct conn *conn)
{
    (void)conn;
    return RESULT_TIMED_OUT;
}

const struct step step_greet = {.enter = enter, .ready = ready, .give_up = give_up};
