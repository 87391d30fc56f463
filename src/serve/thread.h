/* SPDX-License-Identifier: MIT */
/* serve: one greeting thread: an epoll loop over all listening sockets and the clients in its hands. */
#ifndef SOCKGREET_SERVE_H
#define SOCKGREET_SERVE_H

#include "conf/conf.h"
#include "net/sockets.h"
#include "shm/shm.h"

enum serve_order {
    SERVE_RUN,    /* greet */
    SERVE_RETIRE, /* others greet now: stop accepting, and give those connected timeouts.drain */
    SERVE_DRAIN,  /* greet on until those connected now are done or timeouts.drain ends, then stop */
    SERVE_FINISH, /* stop accepting at once, and give those connected a tenth of a second */
    SERVE_QUIT    /* stop at once */
};

/* What a thread is given; all of it outlives the thread. */
struct serve_settings {
    const struct conf *conf;
    const struct sockets *sockets;
    const struct shared *shared;
    unsigned worker, thread;  /* slot, and index in it */
    unsigned connections;     /* clients this thread may hold at once */
    int log_wake_fd;          /* eventfd of the worker's logger */
    int announce_fd;          /* eventfd: the master says: look at every listening socket */
    int attention_fd;         /* eventfd: the master has to look at a listening socket */
    int closed_fd;            /* eventfd: written when the last of the worker's threads leaves its sockets */
    _Atomic unsigned *open;   /* threads of the worker that have not left theirs */
    int order_fd;             /* eventfd: order has changed */
    const _Atomic int *order; /* enum serve_order */
};

struct serve;

/* Allocates everything the thread will need. NULL with errno on failure. */
struct serve *serve_new(const struct serve_settings *settings);

/* Greets until ordered to stop; then every client is done and counted. */
void serve_run(struct serve *serve);

void serve_free(struct serve *serve);

#endif
