/* SPDX-License-Identifier: MIT */
/* access: whether a client may be served at all, by the access lists of its listener. */
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

#endif
