/* SPDX-License-Identifier: MIT */
/* steps: what happens to a stream client, one thing after another. Each listener has a list of steps, made
 * once per thread; what is not configured is not in the list and costs nothing.
 *
 * A step looks at the client's socket and says what next; stream.c does the waiting. */
#ifndef SOCKGREET_STEPS_H
#define SOCKGREET_STEPS_H

#include "base/result.h"
#include "serve/conn.h"

#include <stdint.h>

enum step_verdict {
    STEP_NEXT,  /* done: the next step, or the end */
    STEP_WAIT,  /* until the client's next move; it has made progress, so its idle time begins anew */
    STEP_STAY,  /* likewise, without progress */
    STEP_LATER, /* most clients will be done in a moment: look again then */
    STEP_END    /* the client is done with, for the reason in the outcome */
};

struct step_outcome {
    uint32_t events;    /* STEP_WAIT, STEP_STAY: which to wait for */
    enum result result; /* STEP_END */
};

/* The verdict that ends a client. */
static inline enum step_verdict step_end(struct step_outcome *outcome, enum result result)
{
    outcome->result = result;
    return STEP_END;
}

struct step {
    /* What is done first, and when the socket is ready or the client looked at again. A step that never waits
     * has enter alone, and no deadlines. */
    enum step_verdict (*enter)(struct conn *conn, struct step_outcome *outcome);
    enum step_verdict (*ready)(struct conn *conn, uint32_t events, struct step_outcome *outcome);
    /* The time is up, or the place is needed: how the client's end counts. */
    enum result (*give_up)(const struct conn *conn);
    /* The idle time is up, and that is not the end: what next. NULL: it is. */
    enum step_verdict (*late)(struct conn *conn, struct step_outcome *outcome);
    bool patient; /* nobody waits for what this step does: it need not wake the thread */
};

/* A step with its deadlines. The list of a listener ends with a stage without step. */
struct stage {
    const struct step *step;
    struct timer_list *idle, *total; /* total: NULL for none */
};

#define STEPS_MAX 7 /* stages of a list, with the last */

extern const struct step step_proxy;   /* proxy.c: who the client is, where a proxy says it */
extern const struct step step_admit;   /* admit.c: whether the client is served */
extern const struct step step_request; /* request.c: what it asks for, where the service waits for that */
extern const struct step step_delay;   /* delay.c: waits, where that is to be tried */
extern const struct step step_pieces;  /* likewise: in place of step_greet, sends the greeting bit by bit */
extern const struct step step_greet;   /* greet.c: sends the greeting */
extern const struct step step_linger;  /* linger.c: reads the client's input away, until its end */
extern const struct step step_hold;    /* in place of it: likewise, without an end of file */
extern const struct step step_reset;   /* in place of it: a reset */

#endif
