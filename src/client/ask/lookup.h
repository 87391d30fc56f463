/* SPDX-License-Identifier: MIT */
/* lookup: getaddrinfo that does not outlast the user's patience. */
#ifndef SOCKGREET_LOOKUP_H
#define SOCKGREET_LOOKUP_H

#include "client/ask/deadline.h"

#include <netdb.h>

/* As getaddrinfo; found is to be freed with freeaddrinfo, errno is set for EAI_SYSTEM. Returns EAI_CANCELED
 * when the time is over and EAI_INTR when interrupted: the look-up then ends by itself later, unheard. */
int lookup_host(const char *host, const char *service, const struct addrinfo *hints,
                const struct patience *patience, struct addrinfo **found);

#endif
