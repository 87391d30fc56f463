/* SPDX-License-Identifier: MIT */
/* reverse: the host name of an address, looked up until a deadline. */
#ifndef SOCKGREET_REVERSE_H
#define SOCKGREET_REVERSE_H

#include "base/address.h"
#include "client/ask/deadline.h"

#include <netdb.h>

/* Looks the name up with getnameinfo; escape it before printing. Returns 0, or an EAI_ code with name empty:
 * EAI_NONAME if the address has none, EAI_CANCELED at the deadline and EAI_INTR after Ctrl-C. */
int reverse_lookup(const struct address *address, const struct deadline *deadline, char name[NI_MAXHOST]);

#endif
