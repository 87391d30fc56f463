/* SPDX-License-Identifier: MIT */
/* detach: closes a listening socket to new clients, while its queue can still be served. */
#ifndef SOCKGREET_DETACH_H
#define SOCKGREET_DETACH_H

#include "net/socket.h"

/* From now on new clients do not reach the socket; those in its queue can still be served. A Unix path is
 * removed. A socket that systemd owns, or that has an abstract name, is not changed. */
void detach_socket(struct socket *socket);

/* Whether detach_socket() makes room for an overlapping socket. To change the interface of a TCP socket that
 * has one takes a privilege (CAP_NET_RAW). */
bool detach_is_possible(const struct socket *socket, bool privileged);

/* Lets new clients reach the socket again, if it was detached by a filter (socket->filtered). */
void detach_undo(struct socket *socket);

/* Whether an inherited socket was detached by the process that had it before. */
bool detach_was_done(const struct socket *socket);

#endif
