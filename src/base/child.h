/* SPDX-License-Identifier: MIT */
/* child: every child process there is: who runs, and how it ended. Nobody waits for one: a process that the
 * kernel does not let die (a hung file system) is left behind, and reaped whenever it ends. */
#ifndef SOCKGREET_CHILD_H
#define SOCKGREET_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* A place for one child at a time; owned by whoever starts it, and valid until it has ended or is left. */
struct child {
    pid_t pid; /* 0: none runs */
    bool ended;
    int status; /* once it has ended; see wait(2) */
    struct child *next;
};

struct children {
    struct child *first;
    struct child *strays; /* left behind; owned here */
};

/* fork(2), and watches the child. Returns 0 in the child, its pid in the parent, and -1 with errno. */
pid_t child_fork(struct children *children, struct child *child);

/* Notes which have ended; to be called after SIGCHLD. Whoever else is a child of this process is reaped as
 * well: those left behind, and orphans where it is process 1. */
void children_reap(struct children *children);

/* If the child has ended, empties its place. Returns whether it has, with its wait status. */
bool child_take_end(struct child *child, int *status);

/* SIGKILL, unless it has ended. */
void child_kill(const struct child *child);

/* The place is needed no more: a child that still runs there is a stray from now on. */
void child_leave(struct children *children, struct child *child);

/* The pid of a stray that still runs; 0: there is none. */
pid_t children_stray(const struct children *children);

/* Forgets the strays; they run on. */
void children_close(struct children *children);

#endif
