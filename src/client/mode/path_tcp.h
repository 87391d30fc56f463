/* SPDX-License-Identifier: MIT */
/* path_tcp: one connection: what this kernel knows of it, and what the server received. */
#ifndef SOCKGREET_PATH_TCP_H
#define SOCKGREET_PATH_TCP_H

#include "client/mode/path_socket.h"

#define PATH_GREETING_MAX 65536 /* bytes of a greeting that are read */

/* Sends a request to peer and fills in the leg. */
void path_tcp_ask(struct path_leg *leg, const struct address *peer, const struct dial_source *source,
                  const struct deadline *deadline);

#endif
