/* SPDX-License-Identifier: MIT */
/* look: when a greeted client is checked at. Most clients end a moment after their greeting, and who has
 * ended by then was never watched. To look too soon costs three system calls more, so the delay follows what
 * the checks find: 2 to 64 ms. */
#ifndef SOCKGREET_FIRST_CHECK_H
#define SOCKGREET_FIRST_CHECK_H

#include "serve/timers.h"

struct first_check {
    struct timers timers;
    struct timer_list *list; /* the only one of timers; its duration is the delay */
    int64_t counted_from;    /* whose deadline is earlier waited for another delay than today's */
    unsigned checked, stayed;
    bool hurried;
};

/* due: called with a client's timer when it is to be checked at. Returns 0 or -errno; close in any case. */
int first_check_open(struct first_check *check, timer_expired *due);
void first_check_close(struct first_check *check);

/* A client was greeted: it is checked at after the delay. */
void first_check_later(struct first_check *check, struct timer *timer, int64_t now);

/* What a look has found: stays, if the client had not ended. Looks before their time do not count. */
void first_check_found(struct first_check *check, const struct timer *timer, bool stays, int64_t now);

/* Looks at the one that was greeted first, before its time. Returns false if there is none. */
bool first_check_oldest(struct first_check *check, void *context);

/* Somebody waits for clients to be gone: all are checked at now, and those to come as soon as may be. */
void first_check_hurry(struct first_check *check, void *context);

/* Looks at those who are due, 1 ms late, so that several are checked at together. first_check_next() says
 * when that has to be done at the latest, or TIMERS_NEVER: later still, since under load a turn comes before
 * it. */
void first_check_due(struct first_check *check, int64_t now, void *context);
int64_t first_check_next(const struct first_check *check);

#endif
