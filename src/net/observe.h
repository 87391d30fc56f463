/* SPDX-License-Identifier: MIT */
/* observe: reads the headers of clients' packets, such as the TCP options of a SYN, and what the kernel has
 * measured. */
#ifndef SOCKGREET_OBSERVE_H
#define SOCKGREET_OBSERVE_H

#include "base/seen.h"
#include "base/transport.h"

#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

/* Bytes of the headers of IP and TCP, at most 60 each; an IPv6 packet with more extensions is not read. */
#define OBSERVE_SYN_MAX (60 + 60)

/* Reads a SYN as returned by TCP_SAVED_SYN (tcp(7)): the headers of IPv4 or IPv6, and of TCP. Parts that are
 * missing or truncated stay unknown, as seen_begin() sets it. */
void observe_syn(const uint8_t *packet, size_t length, struct seen *seen);

/* Sets a listening socket up to keep what observe_stream() and observe_control() read for these needs (of
 * PLAN_SOCKET), or undoes that. Errors are ignored: the values are then unknown. */
void observe_prepare(int fd, enum transport transport, unsigned needs, bool keep);

/* Returns the needs (of PLAN_SOCKET) that a listening socket is set up for. */
unsigned observe_prepared(int fd, enum transport transport);

/* Reads from the kernel what these needs require of a connected TCP client. Its SYN can be read only once.
 * is_ipv6: the family of its socket. */
void observe_stream(int fd, bool is_ipv6, unsigned needs, struct seen *seen);

/* The number of bytes that a connection has received and that were not read. */
uint32_t observe_unread(int fd);

/* Reads one control message of a datagram. Call seen_begin() on seen before the first one. */
void observe_control(const struct cmsghdr *message, struct seen *seen);

/* Room for all control messages of a socket set up by observe_prepare(), without those of the server's
 * address. */
#define OBSERVE_CONTROL (5 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct timespec)))

#endif
