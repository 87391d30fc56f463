/* SPDX-License-Identifier: MIT */
/* access: looks an address up in the lists of a listener: whether the client may be served, and whether a
 * sender is a trusted proxy. */
#ifndef SOCKGREET_ACCESS_H
#define SOCKGREET_ACCESS_H

#include "base/peer.h"
#include "base/prefixes.h"
#include "conf/conf.h"

#include <stdbool.h>

static inline bool access_admits(const struct conf_listener *listener, const struct peer_address *client)
{
    return !listener->access.prefixes || prefixes_admit(listener->access.prefixes, client);
}

/* On a Unix socket every client that may connect is a trusted proxy. */
static inline bool access_trusts(const struct conf_listener *listener, const struct peer_address *sender)
{
    return !listener->proxies || prefixes_admit(listener->proxies, sender);
}

#endif
