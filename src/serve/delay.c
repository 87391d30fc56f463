/* SPDX-License-Identifier: MIT */
/* Steps that make a service slow, to test clients and load balancers: the greeting is sent late, or in small
 * pieces. The client's input stays in the queue until the step that discards it. */
#include "serve/acceptor.h"
#include "serve/steps.h"
#include "serve/unsent.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BROKEN (EPOLLERR | EPOLLHUP) /* always reported: no other event ends the wait */

static enum step_verdict wait_on(struct step_outcome *outcome)
{
    outcome->events = BROKEN;
    return STEP_WAIT;
}

static enum step_verdict broken(struct conn *conn, uint32_t events, struct step_outcome *outcome)
{
    (void)conn;
    (void)events;
    return step_end(outcome, RESULT_RESET);
}

static enum result give_up(const struct conn *conn)
{
    (void)conn;
    return RESULT_TIMED_OUT;
}

/* --- Late --- */

static enum step_verdict delay(struct conn *conn, struct step_outcome *outcome)
{
    (void)conn;
    return wait_on(outcome);
}

static enum step_verdict delay_over(struct conn *conn, struct step_outcome *outcome)
{
    (void)conn;
    (void)outcome;
    return STEP_NEXT;
}

const struct step step_delay = {.enter = delay, .ready = broken, .give_up = give_up, .late = delay_over};

/* --- In pieces --- */

static enum step_verdict send_piece(struct conn *conn, struct step_outcome *outcome)
{
    size_t piece = conn->acceptor->conf->chunk,
           length = conn->unsent_length < piece ? conn->unsent_length : piece;
    ssize_t n = send(conn->fd, conn->unsent, length, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return step_end(outcome, RESULT_RESET);
    if (n > 0) {
        conn->unsent += n;
        conn->unsent_length -= (uint32_t)n;
        conn->sent += (uint32_t)n;
    }
    if (conn->unsent_length == 0) {
        unsent_drop(conn);
        return STEP_NEXT;
    }
    return unsent_keep(conn) ? wait_on(outcome) : step_end(outcome, RESULT_TIMED_OUT);
}

static enum step_verdict begin_pieces(struct conn *conn, struct step_outcome *outcome)
{
    unsent_render(conn);
    return send_piece(conn, outcome);
}

const struct step step_pieces = {
    .enter = begin_pieces, .ready = broken, .give_up = give_up, .late = send_piece};
