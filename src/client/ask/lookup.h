/* SPDX-License-Identifier: MIT */
/* lookup: getaddrinfo in a thread, with a deadline. */
#ifndef SOCKGREET_LOOKUP_H
#define SOCKGREET_LOOKUP_H

#include "client/ask/deadline.h"

#include <netdb.h>

struct lookup;

/* getaddrinfo for a host that is an address, without a thread or name server; EAI_NONAME for a name. Free
 * found with freeaddrinfo. */
int lookup_numeric(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found);

/* Starts getaddrinfo in a thread of its own. NULL, with errno set, if there is no memory or no thread. End it
 * with lookup_finish() or lookup_abandon(). */
struct lookup *lookup_start(const char *host, const char *service, const struct addrinfo *hints);

/* A descriptor that is readable once the result is there. */
int lookup_fd(const struct lookup *lookup);

/* Waits for the result and frees the look-up. Returns what getaddrinfo returned, with errno set for
 * EAI_SYSTEM. Free found with freeaddrinfo. */
int lookup_finish(struct lookup *lookup, struct addrinfo **found);

/* Discards the look-up; its thread ends by itself. NULL is allowed. */
void lookup_abandon(struct lookup *lookup);

/* Looks a host up and waits for the result. Returns EAI_CANCELED at the deadline and EAI_INTR after Ctrl-C.
 */
int lookup_host(const char *host, const char *service, const struct addrinfo *hints,
                const struct deadline *deadline, struct addrinfo **found);

#endif
