/* SPDX-License-Identifier: MIT */
/* detach: takes a listening socket away from new clients while its queue is still served. */
#ifndef SOCKGREET_DETACH_H
#define SOCKGREET_DETACH_H

#include "net/socket.h"

/* From now on no new client reaches the socket; those in its queue can still be served. A Unix path is
 * removed. A socket that systemd owns, and one with an abstract name, stays as it is. */
void detach_socket(struct socket *socket);

/* Whether detach_socket() can take it out of the way of others. A TCP socket that has an interface can be
 * given another one by the privileged only (CAP_NET_RAW). */
bool detach_is_possible(const struct socket *socket, bool privileged);

/* Lets new clients reach a socket again that could not be detached for good (socket->filtered). */
void detach_undo(struct socket *socket);

/* Whether an inherited socket was detached by the process that had it before. */
bool detach_was_done(const struct socket *socket);

#endif
