/* SPDX-License-Identifier: MIT */
/* observe: reads what arrived of a client's packet. */
#ifndef SOCKGREET_OBSERVE_H
#define SOCKGREET_OBSERVE_H

#include "base/seen.h"
#include "base/transport.h"

#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

/* Bytes of the headers of IP and TCP, at most 60 each; an IPv6 packet with more extensions is not read. */
#define OBSERVE_SYN_MAX (60 + 60)

/* Reads a SYN as TCP_SAVED_SYN has it (tcp(7)): the headers of IPv4 or IPv6, and of TCP. What is not there,
 * or cut, is not known, as seen_begin() has it. */
void observe_syn(const uint8_t *packet, size_t length, struct seen *seen);

/* Has a listening socket keep what observe_stream() and observe_control() read, of needs, or keep it no more.
 * They are some of PLAN_SOCKET. It is a help only, and so cannot fail. */
void observe_prepare(int fd, enum transport transport, unsigned needs, bool keep);

/* Returns what of PLAN_SOCKET a listening socket keeps. */
unsigned observe_prepared(int fd, enum transport transport);

/* Asks the kernel about a connected client of TCP, for these needs: its SYN can be read once. is_ipv6: the
 * family of its socket. */
void observe_stream(int fd, bool is_ipv6, unsigned needs, struct seen *seen);

/* Bytes that came over a connection and were not read. */
uint32_t observe_unread(int fd);

/* Reads one control message of a datagram, if it says anything; seen begins with seen_begin(). */
void observe_control(const struct cmsghdr *message, struct seen *seen);

/* Room for all control messages that a socket so prepared can have, beside those of the address asked. */
#define OBSERVE_CONTROL (5 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct timespec)))

#endif
