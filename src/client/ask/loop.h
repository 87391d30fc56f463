/* SPDX-License-Identifier: MIT */
/* loop: an event loop of one thread, with descriptors and timers. */
#ifndef SOCKGREET_LOOP_H
#define SOCKGREET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_EVENTS_MAX 64

/* The callback of a descriptor. Belongs to the caller; must not move while it is watched.
 */
struct loop_watch {
    void (*ready)(void *context);
    void *context;
};

/* The callback of a timer. Belongs to the caller; must not move while it is set. All zero except due and
 * context to begin with. */
struct loop_timer {
    void (*due)(void *context);
    void *context;
    int64_t at_ns; /* of the monotonic clock */
    size_t place;  /* index in the heap, from 1; 0: not set */
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

/* Returns 0 or -errno; call loop_close() in both cases. */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Calls watch whenever fd has one of the epoll events; if fd is watched already, they replace its events.
 * Returns 0 or -errno. */
int loop_watch(struct loop *loop, int fd, uint32_t events, struct loop_watch *watch);

/* Stops watching fd; call it before closing fd. The watch is not called again, not even in this turn. */
void loop_unwatch(struct loop *loop, int fd, const struct loop_watch *watch);

/* Sets the timer, or changes its time (monotonic clock). False if out of memory.
 */
bool loop_set(struct loop *loop, struct loop_timer *timer, int64_t at_ns);

/* Unsets the timer if it is set. */
void loop_unset(struct loop *loop, struct loop_timer *timer);

/* Waits for the next events or timers, and calls their callbacks. Returns 0, or -errno if waiting fails. */
int loop_turn(struct loop *loop);

#endif
