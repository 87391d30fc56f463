/* SPDX-License-Identifier: MIT */
/* binding: gives a generation the listening sockets of its configuration: those that exist already, and new
 * ones, bound beside those that they will replace. */
#ifndef SOCKGREET_BINDING_H
#define SOCKGREET_BINDING_H

#include "net/sockets.h"

/* Binds every socket of conf: those that the registry has are shared, the rest are new. A new one is bound
 * beside a socket of ours that overlaps it. Every failure is logged with the listener's name and line, unless
 * the first one is the same as *reason says already; *reason is then that first one in short. Returns 0 or
 * -errno of it; then what is served, stored and inherited is as before. */
int binding_open(struct sockets *sockets, struct registry *registry, const struct conf *conf,
                 struct message *reason);

/* Listens at the new ones, when nothing else can fail any more: clients come from then on. Returns 0, or
 * -errno as binding_open(). */
int binding_listen(struct sockets *sockets, const struct conf *conf, struct message *reason);

/* The inherited sockets that other overlaps but does not want, to be served until their queues are empty:
 * no new client reaches them from now on. */
void binding_open_leftover(struct sockets *sockets, const struct sockets *other);

#endif
