/* SPDX-License-Identifier: MIT */
/* observe: reads what arrived of a client's packet. */
#ifndef SOCKGREET_OBSERVE_H
#define SOCKGREET_OBSERVE_H

#include "base/seen.h"
#include "base/transport.h"

#include <stddef.h>
#include <sys/socket.h>

/* Bytes of the headers of IP and TCP, at most 60 each; an IPv6 packet with more extensions is not read. */
#define OBSERVE_SYN_MAX (60 + 60)

/* Reads a SYN as TCP_SAVED_SYN has it (tcp(7)): the headers of IPv4 or IPv6, and of TCP. What is not there,
 * or cut, is not known. */
void observe_syn(const uint8_t *packet, size_t length, struct seen *seen);

/* Has a listening socket keep what observe_stream() and observe_control() read, or keep it no more. It is a
 * help only, and so cannot fail. */
void observe_prepare(int fd, enum transport transport, bool keep);

/* Asks the kernel about a connected client of TCP; packet: for its SYN, which can be read once; connection:
 * for round-trip time and path MTU. */
void observe_stream(int fd, bool packet, bool connection, struct seen *seen);

/* Reads one control message of a datagram, if it says anything; seen begins with zeros. */
void observe_control(const struct cmsghdr *message, struct seen *seen);

/* Room for all control messages that a socket so prepared can have, beside those of the address asked. */
#define OBSERVE_CONTROL (5 * CMSG_SPACE(sizeof(int)))

#endif
