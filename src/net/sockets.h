/* SPDX-License-Identifier: MIT */
/* sockets: the listening sockets of one generation. Sockets are shared between generations by what they are;
 * a generation that goes gives back what it has. */
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

/* Binds every socket of conf: those that the registry has are shared, the rest are new. A new one is bound
 * beside a socket of ours that overlaps it. Every failure is logged with the listener's name and line, unless
 * the first one is the same as *reason says already; *reason is then that first one in short. Returns 0 or
 * -errno of it; then what is served, stored and inherited is as before. */
int sockets_open(struct sockets *sockets, struct registry *registry, const struct conf *conf,
                 struct message *reason);

/* Listens at the new ones, when nothing else can fail any more: clients come from then on. Returns 0, or
 * -errno as sockets_open(). */
int sockets_listen(struct sockets *sockets, const struct conf *conf, struct message *reason);

/* The inherited sockets that other overlaps but does not want, to be served until their queues are empty:
 * no new client reaches them from now on. */
void sockets_open_leftover(struct sockets *sockets, const struct sockets *other);

/* Puts Unix sockets that were bound beside older ones in their place. Returns 0, or -errno, logged. */
int sockets_publish(const struct sockets *sockets);

/* Applies what a kept socket can still change, now that it is certain that it will serve. */
void sockets_settle(const struct sockets *sockets);

/* Has the service manager keep copies of the sockets that it does not have yet: some of them, since systemd
 * compares each with all that it has. Returns in how many ns to go on, or -1 when it has all. */
int64_t sockets_store(const struct sockets *sockets);

/* The rest of them, because the process ends; gives up after longest_ns. */
void sockets_store_all(const struct sockets *sockets, int64_t longest_ns);

/* Stops new connections from coming in at those sockets that other does not have, so that clients queued
 * there can be served before they close. retired has a flag for each socket, set for these. */
void sockets_retire(const struct sockets *sockets, const struct sockets *other, _Atomic bool *retired);

/* Listens again at sockets that were shut down; where that is not possible says so once. Returns
 * whether any listens again. */
bool sockets_listen_again(const struct sockets *sockets);

/* How many listeners no client reaches, and the first of them with the reason ("" if there is none). */
unsigned sockets_down(const struct sockets *sockets, struct message *first);

/* In a worker: closes the sockets that are not its generation's, which would otherwise stay open as long as
 * it lives. */
void sockets_close_others(const struct sockets *sockets);

/* Gives the sockets back (see registry_release()). */
void sockets_close(struct sockets *sockets, bool keep);

#endif
