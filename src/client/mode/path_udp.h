/* SPDX-License-Identifier: MIT */
/* path_udp: one datagram, with how its answer arrived and what the server says of it. */
#ifndef SOCKGREET_PATH_UDP_H
#define SOCKGREET_PATH_UDP_H

#include "client/mode/path_socket.h"

#define PATH_UDP_SIZE 1232 /* bytes: no greeting is longer, and every path of IPv6 takes it in one piece */

/* Asks peer with a datagram of size bytes, thrice if need be; the leg says what came of it. */
void path_udp_ask(struct path_leg *leg, const struct address *peer, size_t size,
                  const struct dial_source *source, const struct patience *patience);

#endif
