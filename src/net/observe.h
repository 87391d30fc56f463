/* SPDX-License-Identifier: MIT */
/* observe: reads what arrived of a client's packet. */
#ifndef SOCKGREET_OBSERVE_H
#define SOCKGREET_OBSERVE_H

#include "base/seen.h"

#include <stddef.h>

/* Bytes that TCP_SAVED_SYN can have: the headers of IPv6, its extensions left out, and of TCP. */
#define OBSERVE_SYN_MAX (60 + 60)

/* Reads a SYN as TCP_SAVED_SYN has it (tcp(7)): the headers of IPv4 or IPv6, and of TCP. What is not there,
 * or cut, is not known. */
void observe_syn(const uint8_t *packet, size_t length, struct seen *seen);

#endif
