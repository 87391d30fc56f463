/* SPDX-License-Identifier: MIT */
/* endpoint: the target syntax shared by the client's operands and the daemon's -l. */
#ifndef SOCKGREET_ENDPOINT_H
#define SOCKGREET_ENDPOINT_H

#include "base/message.h"
#include "base/transport.h"

#include <stdbool.h>

#define ENDPOINT_DEFAULT_PORT    "12345"
#define ENDPOINT_HOST_MAX        254   /* RFC 1035 2.3.4, and a final dot */
#define ENDPOINT_ESCAPED_PERCENT "%25" /* RFC 6874 */
#define ENDPOINT_PATH_MAX        107   /* sun_path less its terminator */

struct endpoint {
    enum transport transport; /* default: TRANSPORT_TCP */
    bool transport_given;     /* the text named a transport ("udp://…"), which -u must not override */
    bool port_given;
    char host[ENDPOINT_HOST_MAX +
              1];  /* without brackets, %scope kept; "" for Unix endpoints, and any address */
    char port[33]; /* number or service name */
    char path[ENDPOINT_PATH_MAX + 1]; /* Unix endpoints; '@' first for the abstract namespace */
};

/* Parses HOST, HOST:PORT, [V6]:PORT, V6, tcp://HOST[:PORT], udp://HOST[:PORT], unix:PATH, unix-dgram:PATH
 * (RFC 3986 3.2.2 for the brackets); a slash may end a URL, and "%25NAME" is the interface NAME. Returns 0,
 * or -1 with a message in error that quotes nothing unescaped and says what is allowed. */
int endpoint_parse(const char *text, struct endpoint *endpoint, struct message *error);

/* The same for an endpoint to listen on: the host may be missing or "*", which means all addresses (host is
 * then ""), and a number alone is refused, because it could be a port or an address. */
int endpoint_parse_local(const char *text, struct endpoint *endpoint, struct message *error);

/* Whether text is a port: a number from 1 to 65535, or a service name. */
bool endpoint_port_valid(const char *text);

#endif
