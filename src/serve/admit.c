/* SPDX-License-Identifier: MIT */
/* The step before the greeting, if the listener has access lists or limits: decides whether the client is
 * served. */
#include "guard/access.h"
#include "guard/guard.h"
#include "serve/acceptor.h"
#include "serve/discard.h"
#include "serve/steps.h"

#include <sys/socket.h>

static void deny(struct conn *conn)
{
    static const struct linger no_time = {.l_onoff = 1};

    if (conn->acceptor->conf->on_refuse == CONF_REFUSE_RESET)
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &no_time, sizeof(no_time));
    else
        discard_input(conn); /* closing with unread input would send a reset */
}

static enum step_verdict enter(struct conn *conn, struct step_outcome *outcome)
{
    const struct acceptor *acceptor = conn->acceptor;
    struct guard *guard = acceptor->acceptors->guard;
    size_t listener = acceptor->member->listener;
    enum result result;

    if (conn->for_itself) /* a trusted proxy, which would take a refusal for a failure */
        return STEP_NEXT;
    if (!access_admits(acceptor->conf, &conn->peer.client)) {
        deny(conn);
        return step_end(outcome, RESULT_DENIED);
    }
    result = guard_hold(guard, listener, &conn->peer.client, conn->arrived,
                        &conn->held); /* a refused client does not count for the rate */
    if (result == RESULT_SENT)
        result = guard_admit(guard, listener, &conn->peer.client, conn->arrived);
    return result == RESULT_SENT ? STEP_NEXT : step_end(outcome, result);
}

const struct step step_admit = {.enter = enter};
