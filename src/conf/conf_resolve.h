/* SPDX-License-Identifier: MIT */
/* conf_resolve: resolves the addresses, ports, users and groups in a configuration. */
#ifndef SOCKGREET_CONF_RESOLVE_H
#define SOCKGREET_CONF_RESOLVE_H

#include "base/arena.h"
#include "base/message.h"
#include "conf/conf.h"

#include <stddef.h>
#include <sys/types.h>

/* All of these return 0, -1 with an error that says what is wrong and what is allowed, or -EAGAIN with the
 * reason if the lookup itself failed, which may be temporary. */

/* Finds the addresses of word as a listener of that transport would bind them; port is in host byte order.
 * Addresses of a name that this host cannot have are skipped, and listed in left_out; at least one
 * remains. */
int conf_resolve_address(struct arena *arena, const char *word, enum transport transport, unsigned port,
                         const struct conf_endpoint **endpoints, size_t *count, struct message *left_out,
                         struct message *error);

/* A number or a service name of the transport's protocol. */
int conf_resolve_port(const char *word, enum transport transport, unsigned *port, struct message *error);

/* A name or a number; *group is the user's primary group, (gid_t)-1 for a number that no user has. */
int conf_resolve_user(const char *word, uid_t *user, gid_t *group, struct message *error);

int conf_resolve_group(const char *word, gid_t *group, struct message *error);

#endif
