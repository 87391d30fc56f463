/* SPDX-License-Identifier: MIT */
/* reverse: the name of an address, by a look-up that does not outlast the user's patience. */
#ifndef SOCKGREET_REVERSE_H
#define SOCKGREET_REVERSE_H

#include "base/address.h"
#include "client/ask/deadline.h"

#include <netdb.h>

/* As getnameinfo, for the host alone and only if it has a name; to be escaped before it is printed. Returns
 * 0, or an EAI_ code with name empty: EAI_CANCELED when the time is over and EAI_INTR when interrupted. */
int reverse_lookup(const struct address *address, const struct patience *patience, char name[NI_MAXHOST]);

#endif
