/* SPDX-License-Identifier: MIT */
/* binding: gives a generation the listening sockets of its configuration: existing ones, and new ones, which
 * are bound while those that they will replace still exist. */
#ifndef SOCKGREET_BINDING_H
#define SOCKGREET_BINDING_H

#include "net/sockets.h"

/* Opens every socket of conf: those that the registry has are shared, the others are new. A new one may
 * overlap a socket of this service. Logs every failure with the listener's name and line, unless the first
 * one is the same as in *reason, which is set to the first failure. Returns 0, or its -errno; then the
 * sockets that are served, stored and inherited are as before. */
int binding_open(struct sockets *sockets, struct registry *registry, const struct conf *conf,
                 struct message *reason);

/* Listens on the new sockets. Call when nothing else can fail: clients connect from then on. Returns as
 * binding_open(). */
int binding_listen(struct sockets *sockets, const struct conf *conf, struct message *reason);

/* Takes the inherited sockets that are not in other, but overlap one of it, to serve them until their queues
 * are empty. New clients do not reach them any more. */
void binding_open_leftover(struct sockets *sockets, const struct sockets *other);

#endif
