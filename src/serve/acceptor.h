/* SPDX-License-Identifier: MIT */
/* acceptor: listening sockets as one thread sees them: watched, paused where nobody can be taken, left to
 * others in the end. What happens to those who come is the transport's business. */
#ifndef SOCKGREET_ACCEPTOR_H
#define SOCKGREET_ACCEPTOR_H

#include "net/sockets.h"
#include "serve/account.h"
#include "serve/loop.h"
#include "shm/record.h"
#include "shm/shm.h"

struct acceptor;
struct guard;
struct stage;

/* What a transport does at its acceptors. */
struct transport_ops {
    /* Takes those who wait, within bounds; events is 0 where the thread was not woken for them. Returns how
     * many there were. */
    int (*take)(struct acceptor *acceptor, uint32_t events);
    /* Whether there is room for one more at all. */
    bool (*has_room)(const struct acceptor *acceptor);
    unsigned queue; /* calls of take() that a full queue has */
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
    size_t position;           /* in the generation's set */
    int fd;
    bool paused;       /* not watched, until there is room again */
    bool foreign;      /* another thread's shard: this one only helps */
    bool away;         /* not watched for a while, because its thread keeps up */
    bool left;         /* to others, for good */
    bool shut;         /* somebody shut it down: not watched until the master listens again */
    unsigned in_vain;  /* wake-ups in a row for which nobody was there */
    unsigned failures; /* calls in a row that failed */
    unsigned alone;    /* turns in a row in which one client waited and no more */
};

struct acceptors {
    struct loop *loop;
    struct shared_thread *shared;
    struct guard *guard; /* who asks it: admit.c */
    int attention_fd;    /* eventfd: the master has to look at a listening socket */
    struct acceptor *all;
    size_t count;
    bool closed;     /* nobody is taken any more */
    bool paused;     /* some acceptor is */
    bool lacks_room; /* and for no other reason than the limit of connections */
    int64_t resume_at;
    bool away; /* from some acceptor */
    int64_t return_at;
    _Atomic uint32_t *logger_asleep; /* who reports pauses */
    int log_wake_fd;
};

/* Room for so many acceptors. Returns 0 or -ENOMEM. loop and the descriptors are set by the caller before. */
int acceptors_open(struct acceptors *acceptors, size_t room);
void acceptors_close(struct acceptors *acceptors);

/* Adds a socket, unwatched. It stays where it is until acceptors_close(). */
struct acceptor *acceptors_add(struct acceptors *acceptors, const struct sockets_member *member,
                               size_t position, const struct transport_ops *ops, void *transport);

/* Returns false with errno if it cannot be watched. */
bool acceptor_watch(struct acceptor *acceptor);

/* Takes whoever waits at any acceptor: a wake-up that another thread took with it when it died is not passed
 * on by the kernel. A acceptor that was shut is tried in the hope that it listens again. */
void acceptors_try(struct acceptors *acceptors);

/* Takes nobody at acceptors of this transport for a while; error is errno, or 0 for the limit of connections.
 */
void acceptors_pause(struct acceptors *acceptors, const struct transport_ops *ops, int error);

/* A call to take somebody here has failed with this error. Returns whether it is one too many in a row: then
 * the acceptor pauses, whatever the error means, lest the thread be busy for ever. */
bool acceptor_fails(struct acceptor *acceptor, int error);

/* The thread cannot wait for anybody: said as a pause is. */
void acceptors_report_failure(const struct acceptors *acceptors, int error);

/* There is room again: a pause that only waits for it ends in this turn. */
void acceptors_have_room(struct acceptors *acceptors);

/* Ends a pause that is over. */
void acceptors_resume(struct acceptors *acceptors);

/* Leaves a foreign acceptor to its own thread for a while. */
void acceptor_step_back(struct acceptor *acceptor);

/* Watches acceptors again that were left so, when the while is over. */
void acceptors_return(struct acceptors *acceptors);

/* Whether that is what an error means which says so. */
bool acceptor_is_shut(const struct acceptor *acceptor);

/* A listening socket listens no more, because a process that has it has shut it down: the master is told. */
void acceptor_report_shut(struct acceptor *acceptor);

/* Takes whoever waits, up to a full queue: on a busy service somebody always does. Returns whether nobody
 * waits any more at acceptors that are not left. */
bool acceptors_sweep(struct acceptors *acceptors);

void acceptors_unwatch(struct acceptors *acceptors);

/* Leaves acceptors to others for good: those at sockets that are not in spared (by position), or all if it is
 * NULL. */
void acceptors_leave(struct acceptors *acceptors, const _Atomic bool *spared);

/* Whether a TCP socket is among those that are not left. */
bool acceptors_have_tcp(const struct acceptors *acceptors);

#endif
