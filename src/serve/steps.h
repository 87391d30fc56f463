/* SPDX-License-Identifier: MIT */
/* steps: the steps that a stream client goes through. Each listener has a list of steps, created once per
 * thread; what is not configured is not in the list and costs nothing.
 *
 * A step works on the client's socket and returns what to wait for; stream.c waits. */
#ifndef SOCKGREET_STEPS_H
#define SOCKGREET_STEPS_H

#include "base/result.h"
#include "serve/conn.h"

#include <stdint.h>

enum step_verdict {
    STEP_NEXT,  /* done: the next step, or the end */
    STEP_WAIT,  /* wait for events; the client has made progress, so its idle time starts again */
    STEP_STAY,  /* wait for events; there was no progress */
    STEP_LATER, /* most clients will end soon: check again after a delay */
    STEP_END    /* end the client, with the result in the outcome */
};

struct step_outcome {
    uint32_t events;    /* STEP_WAIT, STEP_STAY: the events to wait for */
    enum result result; /* STEP_END */
};

/* The verdict that ends a client. */
static inline enum step_verdict step_end(struct step_outcome *outcome, enum result result)
{
    outcome->result = result;
    return STEP_END;
}

struct step {
    /* enter: called first; ready: when the socket is ready, or at a later check. A step that never waits has
     * only enter, and no deadlines. */
    enum step_verdict (*enter)(struct conn *conn, struct step_outcome *outcome);
    enum step_verdict (*ready)(struct conn *conn, uint32_t events, struct step_outcome *outcome);
    /* The result of a client whose time is up, or that is closed to make room. */
    enum result (*give_up)(const struct conn *conn);
    /* Called when the idle time is up. NULL: that ends the client. */
    enum step_verdict (*late)(struct conn *conn, struct step_outcome *outcome);
    bool patient; /* its events are not urgent: they need not wake the thread (see deferred.h) */
};

/* A step with its deadlines. The list of a listener ends with a stage without step. */
struct stage {
    const struct step *step;
    struct timer_list *idle, *total; /* total: NULL for none */
};

#define STEPS_MAX 7 /* stages of a list, including the end */

extern const struct step step_proxy;   /* proxy.c: reads the PROXY header */
extern const struct step step_admit;   /* admit.c: checks whether the client may be served */
extern const struct step step_request; /* request.c: reads the request */
extern const struct step step_delay;   /* delay.c: waits, for the setting delay */
extern const struct step step_pieces;  /* delay.c: instead of step_greet, sends the greeting in pieces */
extern const struct step step_greet;   /* greet.c: sends the greeting */
extern const struct step step_linger;  /* linger.c: discards the client's input until its end of file */
extern const struct step step_hold;    /* linger.c: instead, does the same but sends no end of file */
extern const struct step step_reset;   /* linger.c: instead, resets the connection */

#endif
