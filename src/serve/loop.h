/* SPDX-License-Identifier: MIT */
/* loop: what one thread waits for: descriptors, and the moment at which something is due. It knows nobody who
 * waits; a descriptor's owner is called over its struct watch. */
#ifndef SOCKGREET_LOOP_H
#define SOCKGREET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_NEVER INT64_MAX

/* The first member of everything that a loop watches. events are epoll's, or 0 if nobody knows whether there
 * is anything to do. */
struct watch {
    void (*ready)(struct watch *watch, uint32_t events);
};

struct loop {
    int epoll;
    int alarm_fd;
    int64_t now;      /* monotonic ns, read once in a turn */
    int64_t alarm_at; /* when the alarm goes off: not after anything is due */
    struct watch alarm;
    unsigned failures; /* of epoll_wait(2) in a row */
};

/* Returns 0 or -errno; close in any case. */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Watches a descriptor for these events of epoll_ctl(2). Returns false with errno if there is no memory. */
bool loop_watch(const struct loop *loop, int fd, uint32_t events, struct watch *watch);

/* The same, of a descriptor that is watched already: events are others now. */
bool loop_change(const struct loop *loop, int fd, uint32_t events, struct watch *watch);

void loop_unwatch(const struct loop *loop, int fd);

/* Waits until a descriptor is ready or next (monotonic ns) has come, sets now, and calls the owners of
 * those that are ready. Returns 0, or errno if waiting has failed so often in a row that the thread slept
 * instead. */
int loop_turn(struct loop *loop, int64_t next);

#endif
