/* SPDX-License-Identifier: MIT */
/* loop: waits for descriptors and times, and calls back. One thread. */
#ifndef SOCKGREET_LOOP_H
#define SOCKGREET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_EVENTS_MAX 64

/* What to do when a descriptor is ready. Belongs to the caller, who keeps it where it is while it is watched.
 */
struct loop_watch {
    void (*ready)(void *context);
    void *context;
};

/* What to do at a time. Belongs to the caller, as above, while it is set. All zero but for due and context to
 * begin with. */
struct loop_timer {
    void (*due)(void *context);
    void *context;
    int64_t at_ns; /* of the monotonic clock */
    size_t place;  /* in the heap, from 1; 0: not set */
};

struct loop {
    int epoll;
    struct loop_timer **heap; /* [1] is the next */
    size_t timer_count;
    size_t timer_room;
    struct epoll_event events[LOOP_EVENTS_MAX]; /* of this turn */
    int event_count;
    int event_next;
};

/* Returns 0 or -errno; loop_close() is right in both cases. */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Calls watch whenever fd has one of the epoll events; if it is watched already, these events replace the
 * former. Returns 0 or -errno. */
int loop_watch(struct loop *loop, int fd, uint32_t events, struct loop_watch *watch);

/* Ends this before fd is closed. The watch is not called again, also not in this turn. */
void loop_unwatch(struct loop *loop, int fd, const struct loop_watch *watch);

/* Sets the timer to a time of the monotonic clock; again, if it is set already. False if there is no memory.
 */
bool loop_set(struct loop *loop, struct loop_timer *timer, int64_t at_ns);

/* Does nothing to a timer that is not set. */
void loop_unset(struct loop *loop, struct loop_timer *timer);

/* Waits for the next events and times, and calls for each. Returns 0, or -errno if waiting fails. */
int loop_turn(struct loop *loop);

#endif
