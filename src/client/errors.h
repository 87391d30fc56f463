/* SPDX-License-Identifier: MIT */
/* errors: messages about failures. Each function writes at most size bytes, with the NUL. */
#ifndef SOCKGREET_ERRORS_H
#define SOCKGREET_ERRORS_H

#include "base/address.h"
#include "base/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ERRORS_MAX 128

struct dial_source;

/* An errno value in lower case: "connection refused". */
void errors_errno(char *text, size_t size, int error);

/* A look-up that failed. */
struct errors_lookup {
    const char *host;
    int code;            /* what getaddrinfo returned, or EAI_CANCELED at the deadline */
    int error;           /* errno, for EAI_SYSTEM */
    int family;          /* that was requested */
    int64_t nanoseconds; /* duration */
};

/* "no such host", "no IPv6 address", "the name service did not answer in 5.0 s". */
void errors_lookup(char *text, size_t size, const struct errors_lookup *lookup);

/* An attempt that got no answer. */
struct errors_attempt {
    enum transport transport;
    int error;          /* errno value */
    bool connected;     /* always true for datagrams */
    int64_t connect_ns; /* duration */
    int64_t total_ns;
    size_t length; /* bytes of the greeting that arrived */
};

/* "no answer to the connection request in 1.0 s (filtered, or no such host)". */
void errors_attempt(char *text, size_t size, const struct errors_attempt *attempt);

/* "connected in 0.1 ms, " followed by what. */
void errors_connected(char *text, size_t size, int64_t connect_ns, const char *what);

/* Says that only a retransmitted connection request was answered, after this time. */
void errors_repeated(char *text, size_t size, int64_t nanoseconds);

/* Why dial_socket() failed, or connect() on its socket with EADDRNOTAVAIL: "192.0.2.250 is not an address of
 * this machine", "port 4000 of this machine is in use", "--mark needs the capability CAP_NET_ADMIN". */
void errors_dial(char *text, size_t size, const struct dial_source *source, int error);

/* Says that a datagram of length bytes is too large for fd, and which size is allowed if that is known. */
void errors_too_large(char *text, size_t size, int fd, const struct address *peer, size_t length);

#endif
