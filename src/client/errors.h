/* SPDX-License-Identifier: MIT */
/* errors: what went wrong, in words for people. Each function ends the text within size bytes. */
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
    int code;            /* what getaddrinfo returned, or EAI_CANCELED when the time was over */
    int error;           /* errno, for EAI_SYSTEM */
    int family;          /* that was asked for */
    int64_t nanoseconds; /* that it took */
};

/* "no such host", "no IPv6 address", "the name service did not answer in 5.0 s". */
void errors_lookup(char *text, size_t size, const struct errors_lookup *lookup);

/* An attempt that got no answer. */
struct errors_attempt {
    enum transport transport;
    int error;          /* errno value */
    bool connected;     /* always, of datagrams */
    int64_t connect_ns; /* that it took */
    int64_t total_ns;
    size_t length; /* bytes of a greeting */
};

/* "no answer to the connection request in 1.0 s (filtered, or no such host)". */
void errors_attempt(char *text, size_t size, const struct errors_attempt *attempt);

/* "connected in 0.1 ms, " and what came of it. */
void errors_connected(char *text, size_t size, int64_t connect_ns, const char *what);

/* That a connection came about only by a repeated request, after so long. */
void errors_repeated(char *text, size_t size, int64_t nanoseconds);

/* Why dial_socket() failed, or connect() on its socket with EADDRNOTAVAIL: "192.0.2.250 is not an address of
 * this machine", "port 4000 of this machine is in use", "--mark needs the capability CAP_NET_ADMIN". */
void errors_dial(char *text, size_t size, const struct dial_source *source, int error);

/* Why a datagram of length bytes cannot be sent by fd, with the largest that could if that is known. */
void errors_too_large(char *text, size_t size, int fd, const struct address *peer, size_t length);

#endif
