/* SPDX-License-Identifier: MIT */
/* first_check: when to check for the first time whether a greeted client has ended. Most clients end shortly
 * after their greeting, and one that has ended by then is never added to epoll. A check that comes too early
 * costs three more system calls, so the delay, 2 to 64 ms, adapts to what the checks find. */
#ifndef SOCKGREET_FIRST_CHECK_H
#define SOCKGREET_FIRST_CHECK_H

#include "serve/timers.h"

struct first_check {
    struct timers timers;
    struct timer_list *list; /* the only one of timers; its duration is the delay */
    int64_t counted_from;    /* timers with an earlier deadline had another delay and are not counted */
    unsigned checked, stayed;
    bool hurried;
};

/* due: called with a client's timer when it is to be checked. Returns 0 or -errno; close in any case. */
int first_check_open(struct first_check *check, timer_expired *due);
void first_check_close(struct first_check *check);

/* A client was greeted: checks it after the delay. */
void first_check_later(struct first_check *check, struct timer *timer, int64_t now);

/* The result of a check; stays: the client had not ended. Checks before their time are not counted. */
void first_check_found(struct first_check *check, const struct timer *timer, bool stays, int64_t now);

/* Checks the client that was greeted first, before its time. Returns false if there is none. */
bool first_check_oldest(struct first_check *check, void *context);

/* Clients should end soon: checks all now, and later ones as early as possible. */
void first_check_hurry(struct first_check *check, void *context);

/* Checks the clients that are due, 1 ms late, so that several are checked together. first_check_next()
 * returns the latest time for that, or TIMERS_NEVER; it is later still, since under load another turn comes
 * first. */
void first_check_due(struct first_check *check, int64_t now, void *context);
int64_t first_check_next(const struct first_check *check);

#endif
