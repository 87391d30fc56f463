/* SPDX-License-Identifier: MIT */
/* match: compares a socket with a wanted endpoint, in memory, without system calls. */
#ifndef SOCKGREET_MATCH_H
#define SOCKGREET_MATCH_H

#include "net/socket.h"
#include "net/wanted.h"

/* A hash that is the same for sockets and endpoints that may match. */
unsigned match_hash(const struct socket *socket);
unsigned match_wanted_hash(const struct wanted *wanted);

/* Whether the socket is the wanted one (type, address, v6only, interface, file) and can serve. */
bool match_same(const struct socket *socket, const struct wanted *wanted);

/* Whether the two cannot be bound at the same time without SO_REUSEPORT. */
bool match_overlaps(const struct socket *socket, const struct wanted *wanted);

/* Whether every client of the socket would reach the wanted one if the socket did not exist. */
bool match_is_covered(const struct socket *socket, const struct wanted *wanted);

#endif
