/* SPDX-License-Identifier: MIT */
/* patience: how long the client waits for something, and Ctrl-C, which ends every wait. */
#ifndef SOCKGREET_PATIENCE_H
#define SOCKGREET_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct patience {
    int64_t until_ns; /* of the monotonic clock */
    int interrupt_fd; /* readable once the user pressed Ctrl-C; -1: the signal ends the program */
};

enum patience_end { PATIENCE_READY, PATIENCE_OVER, PATIENCE_INTERRUPTED };

/* A descriptor that is readable once one of the signals came, which from now on do nothing else; those that
 * the caller of the program ignores stay ignored. -1, with errno set, if that fails. */
int patience_signal_fd(const int *signals, size_t count);

/* From now on Ctrl-C, SIGTERM and SIGHUP end waits instead of the program. False, with errno set, if that
 * fails. */
bool patience_catch_interrupt(struct patience *patience);

/* Waits until fd has one of the poll events or, with fd -1, until the time is over. */
enum patience_end patience_wait(const struct patience *patience, int fd, short events);

/* The same patience, for nanoseconds from now at most. */
struct patience patience_at_most(const struct patience *patience, int64_t nanoseconds);

#endif
