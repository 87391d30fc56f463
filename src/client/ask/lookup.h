/* SPDX-License-Identifier: MIT */
/* lookup: getaddrinfo that can be left before it ends. */
#ifndef SOCKGREET_LOOKUP_H
#define SOCKGREET_LOOKUP_H

#include "client/ask/deadline.h"

#include <netdb.h>

struct lookup;

/* What getaddrinfo says of a host that is an address, without a thread or a name server; EAI_NONAME for a
 * name. Free found with freeaddrinfo. */
int lookup_numeric(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found);

/* Starts getaddrinfo in a thread of its own. NULL, with errno set, if there is no memory or no thread. End it
 * with lookup_take() or lookup_leave(). */
struct lookup *lookup_start(const char *host, const char *service, const struct addrinfo *hints);

/* A descriptor that is readable once lookup_take() does not wait. */
int lookup_fd(const struct lookup *lookup);

/* What getaddrinfo returned, with errno set for EAI_SYSTEM; waits for its end. Free found with
 * freeaddrinfo. */
int lookup_take(struct lookup *lookup, struct addrinfo **found);

/* Lets it end by itself, unheard. NULL is allowed. */
void lookup_leave(struct lookup *lookup);

/* All of it in one call. Returns EAI_CANCELED when the time is over and EAI_INTR when interrupted. */
int lookup_host(const char *host, const char *service, const struct addrinfo *hints,
                const struct patience *patience, struct addrinfo **found);

#endif
