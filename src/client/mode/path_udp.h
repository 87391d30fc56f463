/* SPDX-License-Identifier: MIT */
/* path_udp: one datagram: how its answer arrived, and what the server received. */
#ifndef SOCKGREET_PATH_UDP_H
#define SOCKGREET_PATH_UDP_H

#include "client/mode/path_socket.h"

#define PATH_UDP_SIZE 1232 /* bytes: no greeting is longer, and no IPv6 path needs to fragment it */

/* Sends a datagram of size bytes to peer, up to three times, and fills in the leg. */
void path_udp_ask(struct path_leg *leg, const struct address *peer, size_t size,
                  const struct dial_source *source, const struct deadline *deadline);

#endif
