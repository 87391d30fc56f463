/* SPDX-License-Identifier: MIT */
/* match: compares a socket with an endpoint that is wanted, in memory, by what was noted of both. */
#ifndef SOCKGREET_MATCH_H
#define SOCKGREET_MATCH_H

#include "net/socket.h"
#include "net/wanted.h"

/* A number that is the same for sockets and endpoints that may match. */
unsigned match_hash(const struct socket *socket);
unsigned match_wanted_hash(const struct wanted *wanted);

/* Whether it is the socket that is wanted, and can serve: type, address, v6only, interface, file. */
bool match_same(const struct socket *socket, const struct wanted *wanted);

/* Whether the two cannot be bound side by side without SO_REUSEPORT. */
bool match_overlaps(const struct socket *socket, const struct wanted *wanted);

/* Whether every client of the socket would reach the one that is wanted, if that were alone. */
bool match_is_covered(const struct socket *socket, const struct wanted *wanted);

#endif
