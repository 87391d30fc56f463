/* SPDX-License-Identifier: MIT */
/* registry: all listening sockets there are: those of every generation, and those that were inherited and not
 * yet taken. One of the master, and a copy in each worker. */
#ifndef SOCKGREET_REGISTRY_H
#define SOCKGREET_REGISTRY_H

#include "base/message.h"
#include "net/socket.h"

#define REGISTRY_BUCKETS 4096

struct registry {
    struct socket *first;
    struct socket *buckets[REGISTRY_BUCKETS]; /* by match_hash() */
    size_t count;
    unsigned marks; /* given out so far */
};

/* Takes the descriptors that systemd or an upgraded process passed (sd_listen_fds(3)) and clears the
 * environment of them. Call once, before any other descriptor is opened. Returns how many of them an earlier
 * life of this service had, or -errno. */
int registry_inherit(struct registry *registry);

/* A number to mark sockets with (socket->mark), which none has yet. */
unsigned registry_mark(struct registry *registry);

void registry_add(struct registry *registry, struct socket *socket);

/* Takes a socket out and frees it (see socket_free()). */
void registry_drop(struct registry *registry, struct socket *socket, bool keep);

/* A socket that matches and does not carry mark; NULL if there is none. */
struct socket *registry_find(const struct registry *registry, const struct wanted *wanted, unsigned mark);

/* The next socket of ours, after one or from the first, that is in the way of what is wanted; NULL at the
 * end. */
struct socket *registry_next_overlapping(const struct registry *registry, const struct socket *after,
                                         const struct wanted *wanted);

/* The socket that has the endpoint which is wanted; NULL if none has. A socket whose file is gone has none.
 */
const struct socket *registry_find_obstacle(const struct registry *registry, const struct wanted *wanted);

/* Gives a reference back. A socket that no generation has is dropped, but one that was inherited stays until
 * registry_drop_unclaimed(). */
void registry_release(struct registry *registry, struct socket *socket, bool keep);

/* The start has succeeded: inherited sockets that no generation has taken are dropped. unwanted names what a
 * unit passed in vain, if anything. */
void registry_drop_unclaimed(struct registry *registry, struct message *unwanted);

/* The start has failed, or the process ends: closes all descriptors that are left, and nothing else. */
void registry_close(struct registry *registry);

#endif
