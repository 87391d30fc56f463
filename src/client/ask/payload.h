/* SPDX-License-Identifier: MIT */
/* payload: the bytes that an attempt sends. */
#ifndef SOCKGREET_PAYLOAD_H
#define SOCKGREET_PAYLOAD_H

#include "client/ask/attempt.h"

/* Builds them for a connection whose ends are known: a PROXY header, the message, and zeros up to the size of
 * a datagram that asks. Returns 0 or an errno value. */
int payload_build(struct attempt *attempt);

#endif
