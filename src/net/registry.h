/* SPDX-License-Identifier: MIT */
/* registry: all listening sockets: those of every generation, and inherited ones that no generation has taken
 * yet. The master has it, and each worker a copy. */
#ifndef SOCKGREET_REGISTRY_H
#define SOCKGREET_REGISTRY_H

#include "base/message.h"
#include "net/socket.h"

#define REGISTRY_BUCKETS 4096

struct registry {
    struct socket *first;
    struct socket *buckets[REGISTRY_BUCKETS]; /* by match_hash() */
    size_t count;
    unsigned marks; /* issued so far */
};

/* Takes the descriptors that systemd or the process being upgraded has passed (sd_listen_fds(3)), and removes
 * their environment variables. Call once, before any other descriptor is opened. Returns how many of them an
 * earlier process of this service had created, or -errno. */
int registry_inherit(struct registry *registry);

/* A new number to mark sockets with (socket->mark). */
unsigned registry_mark(struct registry *registry);

void registry_add(struct registry *registry, struct socket *socket);

/* A socket that matches and does not have this mark; NULL if there is none. */
struct socket *registry_find(const struct registry *registry, const struct wanted *wanted, unsigned mark);

/* The next socket of this service, after one or (NULL) from the first, that overlaps the wanted endpoint;
 * NULL at the end. */
struct socket *registry_next_overlapping(const struct registry *registry, const struct socket *after,
                                         const struct wanted *wanted);

/* The socket of this service that prevents binding the wanted endpoint; NULL if there is none. A socket whose
 * file is gone does not prevent it. */
const struct socket *registry_find_obstacle(const struct registry *registry, const struct wanted *wanted);

/* Releases a reference. A socket that no generation has is dropped, but an inherited one stays until
 * registry_drop_unclaimed(). */
void registry_release(struct registry *registry, struct socket *socket, bool keep);

/* After a successful start: drops inherited sockets that no generation has taken. unwanted names one that a
 * unit has passed and no listener uses; "" if there is none. */
void registry_drop_unclaimed(struct registry *registry, struct message *unwanted);

/* After a failed start, or at the end: closes all descriptors that are left, and removes no files. */
void registry_close(struct registry *registry);

#endif
