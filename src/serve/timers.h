/* SPDX-License-Identifier: MIT */
/* timers: timers with a constant duration per kind, so that a first-in first-out list per kind is sorted.
 *
 * Starting, stopping and expiring are O(1); finding the next deadline is O(kinds). Times are in nanoseconds
 * of any clock that does not go back. */
#ifndef SOCKGREET_TIMERS_H
#define SOCKGREET_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMERS_NEVER INT64_MAX

struct timer {
    struct timer *next, *previous; /* NULL when not started */
    struct timer_list *list;
    int64_t deadline;
};

/* Called for a timer that expired; it has been stopped. */
typedef void timer_expired(void *context, struct timer *timer);

struct timer_list {
    struct timer head; /* of a ring */
    int64_t duration;  /* may change; timers started later still do not expire before earlier ones */
    timer_expired *expired;
    const void *kind;
};

struct timers {
    struct timer_list *lists;
    size_t count, room;
};

/* Prepares for at most room kinds. Returns 0 or -errno. */
int timers_open(struct timers *timers, size_t room);
void timers_close(struct timers *timers);

/* The list for this duration, callback and kind (any address); created at the first call. Only during set-up;
 * room must suffice. */
struct timer_list *timers_list(struct timers *timers, int64_t duration, timer_expired *expired,
                               const void *kind);

/* The timer that expires first, which was started first; NULL if there is none. */
struct timer *timer_list_first(const struct timer_list *list);

/* Starts a timer, or starts it again, so that it expires duration after now. */
void timer_start(struct timer *timer, struct timer_list *list, int64_t now);

/* Stops a timer; nothing happens if it is not started. */
void timer_stop(struct timer *timer);

bool timer_is_started(const struct timer *timer);

/* When a started timer was started. */
int64_t timer_started_at(const struct timer *timer);

/* Expires a timer now. */
void timer_expire(struct timer *timer, void *context);

/* Expires every timer whose deadline is not after now. */
void timers_expire(struct timers *timers, int64_t now, void *context);

/* The earliest deadline, or TIMERS_NEVER. */
int64_t timers_next(const struct timers *timers);

#endif
