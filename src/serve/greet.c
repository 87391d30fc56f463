/* SPDX-License-Identifier: MIT */
/* The step that sends the greeting.
 *
 * While a large one is being sent, the client's input is discarded, so that both sides do not wait for each
 * other. */
#include "serve/acceptor.h"
#include "serve/discard.h"
#include "serve/steps.h"
#include "serve/unsent.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* MSG_MORE holds the last segment back, so that it leaves together with the end of file of shutdown(). It is
 * not set if none follows. */
static ssize_t send_some(const struct conn *conn)
{
    int more = conn->acceptor->conf->end == CONF_END_CLOSE ? MSG_MORE : 0;

    return send(conn->fd, conn->unsent, conn->unsent_length, more | MSG_NOSIGNAL | MSG_DONTWAIT);
}

static enum step_verdict wait_for_room(struct conn *conn, bool progress, struct step_outcome *outcome)
{
    outcome->events = EPOLLOUT | (conn->peer_ended || conn->input_full ? 0 : EPOLLIN);
    if (!unsent_keep(conn))
        return step_end(outcome, RESULT_TIMED_OUT);
    return progress ? STEP_WAIT : STEP_STAY;
}

/* By the clock of the turn: a client greeted in the turn in which it was accepted counts as 0. */
static void note_time(const struct conn *conn)
{
    const struct acceptors *acceptors = conn->acceptor->acceptors;

    stats_add(&acceptors->shared->stats.times[times_range(acceptors->loop->now - conn->arrived)], 1);
}

static enum step_verdict send_unsent(struct conn *conn, struct step_outcome *outcome)
{
    bool progress = false;

    while (conn->unsent_length) {
        ssize_t n = send_some(conn);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return wait_for_room(conn, progress, outcome);
        if (n < 0)
            return step_end(outcome, RESULT_RESET);
        progress = true;
        conn->unsent += n;
        conn->unsent_length -= (uint32_t)n;
        conn->sent += (uint32_t)n;
    }
    unsent_drop(conn);
    note_time(conn);
    return STEP_NEXT;
}

static enum step_verdict enter(struct conn *conn, struct step_outcome *outcome)
{
    enum step_verdict verdict;

    unsent_render(conn);
    verdict = send_unsent(conn, outcome);
    return verdict == STEP_STAY ? STEP_WAIT : verdict; /* its idle time starts */
}

/* Returns false if the connection is broken. */
static bool read_input(struct conn *conn)
{
    switch (discard_input(conn)) {
    case INPUT_END:
        conn->peer_ended = true;
        return true;
    case INPUT_TOO_MUCH:
        conn->input_full = true;
        return true;
    case INPUT_RESET:
        return false;
    default:
        return true;
    }
}

static enum step_verdict ready(struct conn *conn, uint32_t events, struct step_outcome *outcome)
{
    if ((events & EPOLLIN) && !read_input(conn))
        return step_end(outcome, RESULT_RESET);
    if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        return send_unsent(conn, outcome);
    return wait_for_room(conn, false, outcome);
}

static enum result give_up(const struct conn *conn)
{
    (void)conn;
    return RESULT_TIMED_OUT;
}

const struct step step_greet = {.enter = enter, .ready = ready, .give_up = give_up};
