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

/* Where requests leave from, and the marks that they carry; all zero: as the kernel chooses. */
struct dial_source {
    struct address address; /* length 0: none */
    char interface[IF_NAMESIZE];
    uint16_t port;     /* host byte order */
    uint8_t ttl;       /* hop limit */
    bool has_class;    /* dscp and ecn are set; 0 is a value of its own */
    uint8_t dscp, ecn; /* RFC 2474, RFC 3168; over TCP the kernel keeps ecn to itself */
    bool df;           /* forbid fragmentation, and ignore the path MTU that the kernel knows */
    uint32_t mark;     /* SO_MARK */
};

struct dial_list {
    struct address *addresses;
    size_t count;
};

/* Reads an address or the name of an interface into source. Returns 0, or -1 with a message in error. */
int dial_source_parse(struct dial_source *source, const char *text, struct message *error);

/* Every address of the endpoint in the order they are to be tried. Returns 0, or an EAI_ code with *list
 * empty. */
int dial_lookup(struct dial_list *list, const struct endpoint *endpoint, int family,
                const struct patience *patience);

/* Frees what dial_lookup found. */
void dial_list_free(struct dial_list *list);

/* A non-blocking socket that can reach address, bound to source and with its marks; for unix-dgram to a name
 * that can be answered. Returns the descriptor or -errno. */
int dial_socket(const struct address *address, enum transport transport, const struct dial_source *source);

/* Whether a connected socket has met itself: a request to an unused port of this machine may get that very
 * port as its own. */
bool dial_met_itself(int fd);

/* Takes the error that waits at a socket. Returns an errno value, or 0 if there is none. */
int dial_error(int fd);

/* Connects a non-blocking socket and waits until it is connected. Returns 0 or an errno value: ETIMEDOUT when
 * the time is over or the user interrupts, ECONNREFUSED also if the socket has met itself. */
int dial_connect(int fd, const struct address *address, const struct patience *patience);

/* Sets a socket option that is a number. False with errno set if that fails. */
bool dial_set(int fd, int level, int option, int value);

/* Whether many hosts may answer what is sent to address. Asks the kernel about broadcast addresses. */
bool dial_is_group(int fd, const struct address *address);

#endif
