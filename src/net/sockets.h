/* SPDX-License-Identifier: MIT */
/* sockets: the listening sockets of one generation while it serves and when it goes. Sockets are shared
 * between generations; binding.h says how a generation gets its own. */
#ifndef SOCKGREET_SOCKETS_H
#define SOCKGREET_SOCKETS_H

#include "base/message.h"
#include "conf/conf.h"
#include "net/registry.h"

#include <stdatomic.h>

/* A socket as one generation uses it. */
struct sockets_member {
    struct socket *socket;
    const struct conf_listener *conf;
    uint16_t listener; /* its index in the configuration */
    bool any;          /* the server's address differs from client to client */
};

struct sockets {
    struct registry *registry;
    struct sockets_member *members;
    size_t count;
};

/* Whether a member is another shard of the endpoint of the one before it. */
bool sockets_is_shard(const struct sockets *sockets, size_t index);

/* How many endpoints they are at. */
size_t sockets_endpoints(const struct sockets *sockets);

/* Marks all of them (socket->mark), and returns the mark. */
unsigned sockets_mark(const struct sockets *sockets);

/* A member as it would be wanted. */
struct wanted sockets_wanted(const struct sockets_member *member);

/* Puts Unix sockets that were bound beside older ones in their place. Returns 0, or -errno, logged. */
int sockets_publish(const struct sockets *sockets);

/* Applies what a kept socket can still change, now that it is certain that it will serve. */
void sockets_apply_conf(const struct sockets *sockets);

/* Stops new connections from coming in at those sockets that other does not have, so that clients queued
 * there can be served before they close. retired has a flag for each socket, set for these. */
void sockets_retire(const struct sockets *sockets, const struct sockets *other, _Atomic bool *retired);

/* Listens again at sockets that were shut down; where that is not possible says so once. Returns
 * whether any listens again. */
bool sockets_listen_again(const struct sockets *sockets);

/* How many listeners no client reaches, and the first of them with the reason ("" if there is none). */
unsigned sockets_down(const struct sockets *sockets, struct message *first);

/* Gives the sockets back (see registry_release()). */
void sockets_close(struct sockets *sockets, bool keep);

#endif
