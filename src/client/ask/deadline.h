/* SPDX-License-Identifier: MIT */
/* deadline: until when the client waits, and Ctrl-C, which ends every wait. */
#ifndef SOCKGREET_DEADLINE_H
#define SOCKGREET_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deadline {
    int64_t until_ns; /* of the monotonic clock */
    int interrupt_fd; /* readable after Ctrl-C; -1: the signal ends the program */
};

enum deadline_end { DEADLINE_READY, DEADLINE_OVER, DEADLINE_INTERRUPTED };

/* Blocks the signals. Returns a descriptor that is readable after one has arrived, or -1 with errno set.
 * Signals that were ignored when the program started stay ignored. */
int deadline_signal_fd(const int *signals, size_t count);

/* Makes SIGINT, SIGTERM and SIGHUP end waits instead of the program. False with errno set on failure. */
bool deadline_catch_interrupt(struct deadline *deadline);

/* Waits until fd has one of the poll events, but no longer than until the deadline or Ctrl-C. fd -1: for
 * these only. */
enum deadline_end deadline_wait(const struct deadline *deadline, int fd, short events);

/* The same deadline, but at most this many nanoseconds from now. */
struct deadline deadline_at_most(const struct deadline *deadline, int64_t nanoseconds);

#endif
