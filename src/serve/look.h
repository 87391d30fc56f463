/* SPDX-License-Identifier: MIT */
/* look: when a greeted client is looked at. Most clients end a moment after their greeting, and who has ended
 * by then was never watched. To look too soon costs three system calls more, so the delay follows what the
 * looks find: 2 to 64 ms. */
#ifndef SOCKGREET_LOOK_H
#define SOCKGREET_LOOK_H

#include "serve/timers.h"

struct look {
    struct timers timers;
    struct timer_list *list; /* the only one of timers; its duration is the delay */
    int64_t counted_from;    /* whose deadline is earlier waited for another delay than today's */
    unsigned looked, stayed;
    bool hurried;
};

/* due: called with a client's timer when it is to be looked at. Returns 0 or -errno; close in any case. */
int look_open(struct look *look, timer_expired *due);
void look_close(struct look *look);

/* A client was greeted: it is looked at after the delay. */
void look_later(struct look *look, struct timer *timer, int64_t now);

/* What a look has found: stays, if the client had not ended. Looks before their time do not count. */
void look_found(struct look *look, const struct timer *timer, bool stays, int64_t now);

/* Looks at the one that was greeted first, before its time. Returns false if there is none. */
bool look_at_first(struct look *look, void *context);

/* Somebody waits for clients to be gone: all are looked at now, and those to come as soon as may be. */
void look_hurry(struct look *look, void *context);

/* Looks at those who are due, 1 ms late, so that several are looked at together. look_next() says when that
 * has to be done at the latest, or TIMERS_NEVER: later still, since under load a turn comes before it. */
void look_due(struct look *look, int64_t now, void *context);
int64_t look_next(const struct look *look);

#endif
