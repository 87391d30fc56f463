/* SPDX-License-Identifier: MIT */
/* access: what the lists of a listener say of an address: whether the client may be served at all, and
 * whether it is a proxy whose headers are believed. */
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

/* On a Unix socket whoever may connect is a proxy. */
static inline bool access_trusts(const struct conf_listener *listener, const struct peer_address *sender)
{
    return !listener->proxies || prefixes_admit(listener->proxies, sender);
}

#endif
