/* SPDX-License-Identifier: MIT */
/* door: listening sockets as one thread sees them: watched, paused where nobody can be taken, left to others
 * in the end. What happens to those who come is the transport's business. */
#ifndef SOCKGREET_DOOR_H
#define SOCKGREET_DOOR_H

#include "net/sockets.h"
#include "serve/account.h"
#include "serve/loop.h"
#include "shm/record.h"
#include "shm/shared.h"

struct door;
struct guard;
struct stage;

/* What a transport does at its doors. */
struct transport_ops {
    /* Takes those who wait, within bounds; events is 0 where the thread was not woken for them. Returns how
     * many there were. */
    int (*take)(struct door *door, uint32_t events);
    /* Whether there is room for one more at all. */
    bool (*has_room)(const struct door *door);
    unsigned queue; /* calls of take() that a full queue has */
};

struct door {
    struct watch watch;
    struct doors *doors;
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

struct doors {
    struct loop *loop;
    struct shared_thread *shared;
    struct guard *guard; /* who asks it: admit.c */
    int attention_fd;    /* eventfd: the master has to look at a listening socket */
    struct door *all;
    size_t count;
    bool closed;     /* nobody is taken any more */
    bool paused;     /* some door is */
    bool lacks_room; /* and for no other reason than the limit of connections */
    int64_t resume_at;
    bool away; /* from some door */
    int64_t return_at;
    _Atomic uint32_t *logger_asleep; /* who reports pauses */
    int log_wake_fd;
};

/* Room for so many doors. Returns 0 or -ENOMEM. loop and the descriptors are set by the caller before. */
int doors_open(struct doors *doors, size_t room);
void doors_close(struct doors *doors);

/* Adds a socket, unwatched. It stays where it is until doors_close(). */
struct door *doors_add(struct doors *doors, const struct sockets_member *member, size_t position,
                       const struct transport_ops *ops, void *transport);

/* Returns false with errno if it cannot be watched. */
bool door_watch(struct door *door);

/* Takes whoever waits at any door: a wake-up that another thread took with it when it died is not passed on
 * by the kernel. A door that was shut is tried in the hope that it listens again. */
void doors_try(struct doors *doors);

/* Takes nobody at doors of this transport for a while; error is errno, or 0 for the limit of connections. */
void doors_pause(struct doors *doors, const struct transport_ops *ops, int error);

/* A call to take somebody here has failed with this error. Returns whether it is one too many in a row: then
 * the door pauses, whatever the error means, lest the thread be busy for ever. */
bool door_fails(struct door *door, int error);

/* The thread cannot wait for anybody: said as a pause is. */
void doors_say_failure(const struct doors *doors, int error);

/* There is room again: a pause that only waits for it ends in this turn. */
void doors_have_room(struct doors *doors);

/* Ends a pause that is over. */
void doors_resume(struct doors *doors);

/* Leaves a foreign door to its own thread for a while. */
void door_step_back(struct door *door);

/* Watches doors again that were left so, when the while is over. */
void doors_return(struct doors *doors);

/* Whether that is what an error means which says so. */
bool door_is_shut(const struct door *door);

/* A listening socket listens no more, because a process that has it has shut it down: the master is told. */
void door_report_shut(struct door *door);

/* Takes whoever waits, up to a full queue: on a busy service somebody always does. Returns whether nobody
 * waits any more at doors that are not left. */
bool doors_sweep(struct doors *doors);

void doors_unwatch(struct doors *doors);

/* Leaves doors to others for good: those at sockets that are not in spared (by position), or all if it is
 * NULL. */
void doors_leave(struct doors *doors, const _Atomic bool *spared);

/* Whether a TCP socket is among those that are not left. */
bool doors_have_tcp(const struct doors *doors);

#endif
