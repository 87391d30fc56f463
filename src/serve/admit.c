/* SPDX-License-Identifier: MIT */
/* The step before all others, where a listener has limits: whether the client is served at all. */
#include "guard/guard.h"
#include "serve/door.h"
#include "serve/steps.h"

static enum step_verdict enter(struct conn *conn, struct step_outcome *outcome)
{
    const struct door *door = conn->door;
    enum result result =
        guard_admit(door->doors->guard, door->member->listener, &conn->peer.client, conn->arrived);

    return result == RESULT_SENT ? STEP_NEXT : step_end(outcome, result);
}

const struct step step_admit = {.enter = enter};
