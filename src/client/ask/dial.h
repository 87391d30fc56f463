/* SPDX-License-Identifier: MIT */
/* dial: from a target to its addresses, and from an address to a socket. */
#ifndef SOCKGREET_DIAL_H
#define SOCKGREET_DIAL_H

#include "base/address.h"
#include "base/endpoint.h"
#include "base/message.h"
#include "client/ask/deadline.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The source and the IP header fields of requests; all zero: chosen by the kernel. */
struct dial_source {
    struct address address; /* length 0: none */
    char interface[IF_NAMESIZE];
    uint16_t port;     /* host byte order */
    uint8_t ttl;       /* hop limit */
    bool has_class;    /* dscp and ecn are set, even if they are 0 */
    uint8_t dscp, ecn; /* RFC 2474, RFC 3168; over TCP the kernel sets ecn itself */
    bool df;           /* do not fragment, and ignore the path MTU that the kernel knows */
    uint32_t mark;     /* SO_MARK */
};

struct dial_list {
    struct address *addresses;
    size_t count;
};

/* Reads an address or the name of an interface into source. Returns 0, or -1 with a message in error. */
int dial_source_parse(struct dial_source *source, const char *text, struct message *error);

/* Looks up all addresses of the endpoint, in the order to try. Returns 0, or an EAI_ code with *list empty.
 */
int dial_lookup(struct dial_list *list, const struct endpoint *endpoint, int family,
                const struct deadline *deadline);

/* Frees what dial_lookup found. */
void dial_list_free(struct dial_list *list);

/* A non-blocking socket for address, bound to source and with its header fields; a unix-dgram socket is bound
 * to a name, so that it can be answered. Returns the descriptor or -errno. */
int dial_socket(const struct address *address, enum transport transport, const struct dial_source *source);

/* Whether a TCP socket is connected to itself: for a request to an unused local port the kernel may choose
 * the same port as its source. */
bool dial_self_connected(int fd);

/* Reads and clears the pending error of a socket. Returns an errno value, or 0 if there is none. */
int dial_error(int fd);

/* Connects a non-blocking socket and waits until it is connected. Returns 0 or an errno value: ETIMEDOUT at
 * the deadline or after Ctrl-C, ECONNREFUSED also if the socket is connected to itself. */
int dial_connect(int fd, const struct address *address, const struct deadline *deadline);

/* Sets a socket option that is a number. False with errno set if that fails. */
bool dial_set(int fd, int level, int option, int value);

/* Whether many hosts may answer: address is multicast or, as the kernel knows, broadcast, which is then
 * allowed on fd. */
bool dial_is_group(int fd, const struct address *address);

#endif
