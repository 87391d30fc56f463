/* SPDX-License-Identifier: MIT */
/* thread: one greeting thread: its loop, acceptors and transports, and how it ends. */
#ifndef SOCKGREET_THREAD_H
#define SOCKGREET_THREAD_H

#include "conf/conf.h"
#include "net/sockets.h"
#include "serve/order.h"
#include "shm/shared.h"

/* What a thread needs; all of it outlives the thread. */
struct thread_settings {
    const struct conf *conf;
    const struct sockets *sockets;
    const struct shared *shared;
    unsigned worker, thread;  /* slot, and index in it */
    unsigned generation;      /* number, for messages and greetings */
    unsigned connections;     /* clients that this thread may have at the same time */
    int log_wake_fd;          /* eventfd of the worker's logger */
    int announce_fd;          /* eventfd: the master tells threads to check every listening socket */
    int attention_fd;         /* eventfd: tells the master to check the listening sockets */
    int closed_fd;            /* eventfd: written when the last of the worker's threads leaves its sockets */
    _Atomic unsigned *open;   /* number of the worker's threads that have not left their sockets */
    int order_fd;             /* eventfd: order has changed */
    const _Atomic int *order; /* enum order */
};

struct thread;

/* Allocates everything the thread will need. NULL with errno on failure. */
struct thread *thread_new(const struct thread_settings *settings);

/* Serves until ordered to stop. When it returns every client has ended and is counted. */
void thread_run(struct thread *thread);

void thread_free(struct thread *thread);

#endif
