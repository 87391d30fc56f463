/* SPDX-License-Identifier: MIT */
/* thread: one greeting thread: its loop, its doors, what happens to those who come, and its end. */
#ifndef SOCKGREET_THREAD_H
#define SOCKGREET_THREAD_H

#include "conf/conf.h"
#include "net/sockets.h"
#include "serve/order.h"
#include "shm/shared.h"

/* What a thread is given; all of it outlives the thread. */
struct thread_settings {
    const struct conf *conf;
    const struct sockets *sockets;
    const struct shared *shared;
    unsigned worker, thread;  /* slot, and index in it */
    unsigned generation;      /* its number, for people */
    unsigned connections;     /* clients this thread may hold at once */
    int log_wake_fd;          /* eventfd of the worker's logger */
    int announce_fd;          /* eventfd: the master says: look at every listening socket */
    int attention_fd;         /* eventfd: the master has to look at a listening socket */
    int closed_fd;            /* eventfd: written when the last of the worker's threads leaves its sockets */
    _Atomic unsigned *open;   /* threads of the worker that have not left theirs */
    int order_fd;             /* eventfd: order has changed */
    const _Atomic int *order; /* enum order */
};

struct thread;

/* Allocates everything the thread will need. NULL with errno on failure. */
struct thread *thread_new(const struct thread_settings *settings);

/* Greets until ordered to stop; then every client is done and counted. */
void thread_run(struct thread *thread);

void thread_free(struct thread *thread);

#endif
