/* SPDX-License-Identifier: MIT */
/* loop: the event loop of one thread: waits for descriptors and for the next deadline. It calls the owner of
 * a ready descriptor through its struct watch. */
#ifndef SOCKGREET_LOOP_H
#define SOCKGREET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_NEVER INT64_MAX

/* The first member of everything that a loop watches. events: of epoll, or 0 if it is unknown whether there
 * is anything to do. */
struct watch {
    void (*ready)(struct watch *watch, uint32_t events);
};

struct loop {
    int epoll;
    int alarm_fd;
    int64_t now;      /* monotonic ns, read once per turn */
    int64_t alarm_at; /* when the timer expires: not later than the next deadline */
    struct watch alarm;
    unsigned failures; /* of epoll_wait(2) in a row */
};

/* Returns 0 or -errno; close in any case. */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Watches a descriptor for these events of epoll_ctl(2). Returns false with errno if there is no memory. */
bool loop_watch(const struct loop *loop, int fd, uint32_t events, struct watch *watch);

/* Changes the events of a descriptor that is watched already. */
bool loop_change(const struct loop *loop, int fd, uint32_t events, struct watch *watch);

void loop_unwatch(const struct loop *loop, int fd);

/* Waits until a descriptor is ready, or until next (monotonic ns), sets now, and calls the owners of ready
 * descriptors. Returns 0, or errno if waiting has failed too often in a row and the thread slept instead. */
int loop_turn(struct loop *loop, int64_t next);

#endif
