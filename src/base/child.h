/* SPDX-License-Identifier: MIT */
/* child: the child processes of this process: which ones run, and how they ended. It never blocks on a child:
 * one that the kernel does not let die (a hung file system) is left behind, and reaped whenever it ends. */
#ifndef SOCKGREET_CHILD_H
#define SOCKGREET_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* A place for one child at a time. Owned by the caller of child_fork(); must stay valid until the child has
 * ended or child_leave() was called. */
struct child {
    pid_t pid; /* 0: none */
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

/* Notes which children have ended; to be called after SIGCHLD. Reaps all other children of this process too:
 * strays, and orphans if it is process 1. */
void children_reap(struct children *children);

/* If the child has ended, empties its place. Returns whether it has, with its wait status. */
bool child_take_end(struct child *child, int *status);

/* Sends SIGKILL, unless the child has ended. */
void child_kill(const struct child *child);

/* Gives the place up: a child that still runs becomes a stray. */
void child_leave(struct children *children, struct child *child);

/* The pid of a stray that still runs; 0: none. */
pid_t children_stray(const struct children *children);

/* Forgets the strays, which keep running. */
void children_close(struct children *children);

#endif
