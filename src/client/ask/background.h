/* SPDX-License-Identifier: MIT */
/* background: a call that has no timeout, such as a look-up of a name, in a thread of its own. */
#ifndef SOCKGREET_BACKGROUND_H
#define SOCKGREET_BACKGROUND_H

#include <pthread.h>
#include <stdatomic.h>

/* A member of the caller's structure, which is allocated and holds what the call reads and writes. */
struct background {
    int done_fd; /* readable once the call has returned */
    pthread_t thread;
    atomic_bool released;           /* by the caller or by the thread; the other one frees */
    void (*call)(void *context);    /* in the thread */
    void (*destroy)(void *context); /* frees the caller's structure */
    void *context;
};

/* Starts a thread for call(). Returns 0 or an errno value. Must be followed by background_finish() or
 * background_abandon(). */
int background_start(struct background *background, void (*call)(void *context),
                     void (*destroy)(void *context), void *context);

/* Waits for the call to return. Afterwards the caller frees its structure itself. */
void background_finish(struct background *background);

/* Discards the call: destroy() is called once it has returned. The caller must not use its structure any
 * more. */
void background_abandon(struct background *background);

#endif
