/* SPDX-License-Identifier: MIT */
/* sockets: the listening sockets of one generation while it serves and when it ends. Generations share
 * sockets; binding.h opens them. */
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
    bool any;          /* the server's address differs between clients */
};

struct sockets {
    struct registry *registry;
    struct sockets_member *members;
    size_t count;
};

/* Whether a member is a further shard of the previous member's endpoint. */
bool sockets_is_shard(const struct sockets *sockets, size_t index);

/* The number of endpoints. */
size_t sockets_endpoints(const struct sockets *sockets);

/* Marks all of them (socket->mark), and returns the mark. */
unsigned sockets_mark(const struct sockets *sockets);

/* The endpoint that a member is the socket of. */
struct wanted sockets_wanted(const struct sockets_member *member);

/* Moves Unix sockets from their temporary names to their paths. Returns 0, or -errno, logged. */
int sockets_publish(const struct sockets *sockets);

/* Applies the configuration to the sockets, once it is certain that they will serve. */
void sockets_apply_conf(const struct sockets *sockets);

/* Closes the sockets that other does not have to new connections, so that clients queued there can be served
 * before they are closed. retired has a flag for each socket, which is set for these. */
void sockets_retire(const struct sockets *sockets, const struct sockets *other, _Atomic bool *retired);

/* Listens again on sockets that were shut down, or logs once that this is not possible. Returns whether any
 * listens again. */
bool sockets_listen_again(const struct sockets *sockets);

/* The number of listeners that clients cannot reach, and the first one with the reason ("": none). */
unsigned sockets_down(const struct sockets *sockets, struct message *first);

/* Releases the sockets (see registry_release()). */
void sockets_close(struct sockets *sockets, bool keep);

#endif
