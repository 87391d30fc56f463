/* SPDX-License-Identifier: MIT */
/* payload: the bytes that an attempt sends. */
#ifndef SOCKGREET_PAYLOAD_H
#define SOCKGREET_PAYLOAD_H

#include "client/ask/attempt.h"

/* Builds attempt->request once both addresses are known: PROXY header, message, and zeros up to the minimum
 * size of a datagram. Returns 0 or an errno value. */
int payload_build(struct attempt *attempt);

#endif
