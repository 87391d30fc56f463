/* SPDX-License-Identifier: MIT */
/* The steps after the greeting: sends our end of file, and discards the client's input until its end of file.
 *
 * The client has its greeting, so these steps are not urgent. Most clients end shortly afterwards. */
#include "serve/discard.h"
#include "serve/steps.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* The close may destroy what the client has not acknowledged. */
static enum result give_up(const struct conn *conn)
{
    int waiting = 0;

    return ioctl(conn->fd, SIOCOUTQ, &waiting) < 0 || waiting > 0 ? RESULT_TIMED_OUT : RESULT_SENT;
}

static enum step_verdict enter(struct conn *conn, struct step_outcome *outcome)
{
    shutdown(conn->fd, SHUT_WR);
    conn->ended = true;
    if (conn->peer_ended)
        return STEP_NEXT;
    return conn->input_full ? step_end(outcome, give_up(conn)) : STEP_LATER;
}

static enum step_verdict ready(struct conn *conn, uint32_t events, struct step_outcome *outcome)
{
    (void)events;
    outcome->events = EPOLLIN;
    switch (discard_input(conn)) {
    case INPUT_NONE:
        return STEP_STAY;
    case INPUT_SOME:
        return STEP_WAIT;
    case INPUT_END:
        return STEP_NEXT;
    case INPUT_RESET:
        return step_end(outcome, RESULT_RESET);
    default:
        return step_end(outcome, give_up(conn));
    }
}

/* The client waits for an end of file that does not come. */
static enum step_verdict hold(struct conn *conn, struct step_outcome *outcome)
{
    if (conn->peer_ended)
        return STEP_NEXT;
    outcome->events = EPOLLIN;
    return conn->input_full ? step_end(outcome, give_up(conn)) : STEP_WAIT;
}

/* Data that the client has not read is lost, as if the machine had failed. */
static enum step_verdict reset(struct conn *conn, struct step_outcome *outcome)
{
    static const struct linger no_time = {.l_onoff = 1};

    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &no_time, sizeof(no_time));
    return step_end(outcome, RESULT_SENT);
}

static enum step_verdict held(struct conn *conn, uint32_t events, struct step_outcome *outcome)
{
    enum step_verdict verdict = ready(conn, events, outcome);

    return verdict == STEP_WAIT ? STEP_STAY : verdict; /* input does not extend its time */
}

const struct step step_hold = {.enter = hold, .ready = held, .give_up = give_up, .patient = true};
const struct step step_reset = {.enter = reset};
const struct step step_linger = {.enter = enter, .ready = ready, .give_up = give_up, .patient = true};
