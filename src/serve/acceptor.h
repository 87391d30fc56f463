/* SPDX-License-Identifier: MIT */
/* acceptor: the listening sockets of one thread: watches them, pauses when no client can be accepted, and
 * stops at the end. "Takes" means: accepts connections or receives datagrams; the transport does that. */
#ifndef SOCKGREET_ACCEPTOR_H
#define SOCKGREET_ACCEPTOR_H

#include "net/sockets.h"
#include "serve/account.h"
#include "serve/loop.h"
#include "shm/record.h"
#include "shm/shared.h"

struct acceptor;
struct guard;
struct stage;

/* The operations of a transport. */
struct transport_ops {
    /* Takes waiting clients, up to a limit. events: of epoll, or 0 if the call is not due to an event.
     * Returns how many clients there were. */
    int (*take)(struct acceptor *acceptor, uint32_t events);
    /* Whether there is room for another client. */
    bool (*has_room)(const struct acceptor *acceptor);
    unsigned queue; /* calls of take() that empty a full queue */
};

struct acceptor {
    struct watch watch;
    struct acceptors *acceptors;
    const struct transport_ops *ops;
    void *transport; /* the thread's struct stream or struct dgram */
    const struct sockets_member *member;
    const struct conf_listener *conf;
    const struct stage *stages; /* streams: what happens to a client, see steps.h */
    struct account_listener clients;
    struct peer_address bound; /* the server's address, unless member->any */
    size_t position;           /* index in the generation's sockets */
    int fd;
    bool paused;       /* not watched until there is room again */
    bool foreign;      /* another thread's shard: this thread only helps */
    bool away;         /* not watched for a while, because the shard's own thread keeps up */
    bool left;         /* not used by this thread any more */
    bool shut;         /* was shut down: not watched until the master listens again */
    unsigned in_vain;  /* wake-ups in a row without a client */
    unsigned failures; /* calls in a row that failed */
    unsigned alone;    /* turns in a row in which exactly one client waited */
};

struct acceptors {
    struct loop *loop;
    struct shared_thread *shared;
    struct guard *guard; /* used by admit.c */
    int attention_fd;    /* eventfd: tells the master to check the listening sockets */
    struct acceptor *all;
    size_t count;
    bool closed;     /* no clients are taken any more */
    bool paused;     /* at least one acceptor is paused */
    bool lacks_room; /* and only because of the limit of connections */
    int64_t resume_at;
    bool away; /* at least one acceptor is away */
    int64_t return_at;
    _Atomic uint32_t *logger_asleep; /* of the logger, which reports pauses */
    int log_wake_fd;
};

/* Allocates room for this many acceptors. The caller has set loop and the descriptors. Returns 0 or -ENOMEM.
 */
int acceptors_open(struct acceptors *acceptors, size_t room);
void acceptors_close(struct acceptors *acceptors);

/* Adds a socket, not watched yet. The result is valid until acceptors_close(). */
struct acceptor *acceptors_add(struct acceptors *acceptors, const struct sockets_member *member,
                               size_t position, const struct transport_ops *ops, void *transport);

/* Returns false with errno if it cannot be watched. */
bool acceptor_watch(struct acceptor *acceptor);

/* Takes waiting clients from every acceptor: the kernel does not repeat a wake-up for a thread that died.
 * Also tries acceptors that were shut down, which may listen again. */
void acceptors_try(struct acceptors *acceptors);

/* Pauses the acceptors of this transport; error: errno, or 0 for the limit of connections. */
void acceptors_pause(struct acceptors *acceptors, const struct transport_ops *ops, int error);

/* Counts a failed call to take a client. After too many in a row pauses the acceptor, whatever the error
 * means, so that the thread is not busy forever, and returns true. */
bool acceptor_fails(struct acceptor *acceptor, int error);

/* Reports that the thread cannot wait for clients, in the same way as a pause. */
void acceptors_report_failure(const struct acceptors *acceptors, int error);

/* There is room again: a pause for the limit of connections ends in this turn. */
void acceptors_have_room(struct acceptors *acceptors);

/* Ends a pause that is over. */
void acceptors_resume(struct acceptors *acceptors);

/* Stops watching a foreign shard for a while, so that its own thread serves it. */
void acceptor_step_back(struct acceptor *acceptor);

/* Watches such shards again when that time is over. */
void acceptors_return(struct acceptors *acceptors);

/* Whether the socket was shut down. */
bool acceptor_is_shut(const struct acceptor *acceptor);

/* Tells the master that the socket was shut down by a process that has it. */
void acceptor_report_shut(struct acceptor *acceptor);

/* Takes all waiting clients, up to a full queue, since on a busy service there are always more. Returns
 * whether the queues of all acceptors that are not left are empty. */
bool acceptors_sweep(struct acceptors *acceptors);

void acceptors_unwatch(struct acceptors *acceptors);

/* Leaves acceptors permanently: all except those set in spared (by position); NULL: all. */
void acceptors_leave(struct acceptors *acceptors, const _Atomic bool *spared);

/* Whether any acceptor that is not left is of TCP. */
bool acceptors_have_tcp(const struct acceptors *acceptors);

#endif
