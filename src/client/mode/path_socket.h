/* SPDX-License-Identifier: MIT */
/* path_socket: a connected socket for a leg, and the IP header fields of its packets. */
#ifndef SOCKGREET_PATH_SOCKET_H
#define SOCKGREET_PATH_SOCKET_H

#include "client/ask/deadline.h"
#include "client/ask/dial.h"
#include "client/mode/path_leg.h"

/* Initialises a leg to a peer: nothing else is known yet. */
void path_socket_begin(struct path_leg *leg, enum transport transport, const struct address *peer);

/* Connects to the leg's peer and fills in what is sent. Returns the descriptor, which does not block, or -1
 * with the leg's error set. */
int path_socket_open(struct path_leg *leg, const struct dial_source *source, const struct deadline *deadline);

/* Sets the leg's error and closes fd; error: an errno value, ETIMEDOUT at the deadline. Returns -1. */
int path_socket_fail(struct path_leg *leg, int fd, int error);

#endif
