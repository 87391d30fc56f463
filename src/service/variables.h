/* SPDX-License-Identifier: MIT */
/* variables: what ${name} in a greeting can stand for. */
#ifndef SOCKGREET_VARIABLES_H
#define SOCKGREET_VARIABLES_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

/* Bytes of the longest value. */
#define VARIABLES_LENGTH(text) (sizeof(text) - 1)
#define VARIABLES_IP           (INET6_ADDRSTRLEN - 1 + 1 + IFNAMSIZ - 1) /* "address%interface" */
#define VARIABLES_UID          VARIABLES_LENGTH("uid 4294967295")
#define VARIABLES_PATH         sizeof(((struct sockaddr_un *)NULL)->sun_path)
#define VARIABLES_PORT         VARIABLES_LENGTH("65535")
#define VARIABLES_PID          VARIABLES_LENGTH("2147483647")
#define VARIABLES_TIME         40
#define VARIABLES_ANY          0 /* as long as it is: known when the configuration is loaded */

/* A line per variable: X(IDENTIFIER, name, when it is known, longest value of an IP listener and of a Unix
 * listener). Messages list them in this order. Their values come from greeting.c. */
#define VARIABLES(X)                                                                                     \
    X(HOSTNAME, "hostname", AT_LOAD, VARIABLES_ANY, VARIABLES_ANY)                                       \
    X(LISTENER, "listener", AT_LOAD, VARIABLES_ANY, VARIABLES_ANY)   /* its name in the configuration */ \
    X(TRANSPORT, "transport", AT_LOAD, VARIABLES_ANY, VARIABLES_ANY) /* of transport_name() */           \
    X(CLIENT_ADDRESS, "client_address", PER_CLIENT, VARIABLES_IP, VARIABLES_UID)                         \
    X(CLIENT_PORT, "client_port", PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT) /* empty for Unix */       \
    X(SERVER_ADDRESS, "server_address", PER_CLIENT, VARIABLES_IP, VARIABLES_PATH)                        \
    X(SERVER_PORT, "server_port", PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT)  /* empty for Unix */      \
    X(PROXY_ADDRESS, "proxy_address", PER_CLIENT, VARIABLES_IP, VARIABLES_UID) /* empty without proxy */ \
    X(PROXY_PORT, "proxy_port", PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT)                              \
    X(PID, "pid", PER_CLIENT, VARIABLES_PID, VARIABLES_PID)     /* of the worker */                      \
    X(TIME, "time", PER_CLIENT, VARIABLES_TIME, VARIABLES_TIME) /* RFC 3339, in UTC */

#define VARIABLES_IDENTIFIER(identifier, name, known, ip, un) VARIABLE_##identifier,
enum variable { VARIABLES(VARIABLES_IDENTIFIER) VARIABLE_COUNT };
#undef VARIABLES_IDENTIFIER

/* "client_port". */
const char *variables_name(enum variable variable);

/* Whether it is known when the configuration is loaded, not only when a client is served. */
bool variables_known_at_load(enum variable variable);

/* Bytes of the longest value that one known per client can have, where clients can be those of IP, of Unix
 * sockets, or both.
 */
size_t variables_longest(enum variable variable, bool ip, bool unix_too);

#endif
