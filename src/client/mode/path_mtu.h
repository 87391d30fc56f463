/* SPDX-License-Identifier: MIT */
/* path_mtu: searches the path MTU with datagrams that must not be fragmented, each of which is answered if it
 * arrives. */
#ifndef SOCKGREET_PATH_MTU_H
#define SOCKGREET_PATH_MTU_H

#include "client/ask/deadline.h"
#include "client/ask/dial.h"
#include "client/mode/path_leg.h"

/* Searches the path MTU to a peer that answers datagrams, usually after rtt_ns (PATH_UNKNOWN: not known).
 * Every datagram has a socket of its own, with the header fields but not the port of source. */
void path_mtu_search(struct path_mtu *mtu, const struct address *peer, const struct dial_source *source,
                     int64_t rtt_ns, const struct deadline *deadline);

#endif
