/* SPDX-License-Identifier: MIT */
/* variables: the variables, ${name}, of greetings. */
#ifndef SOCKGREET_VARIABLES_H
#define SOCKGREET_VARIABLES_H

#include "base/seen.h"
#include "base/state.h"
#include "service/quotes.h"
#include "service/template.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#undef unix /* gcc defines it as 1 */

/* Bytes of the longest value. */
#define VARIABLES_LENGTH(text) (sizeof(text) - 1)
#define VARIABLES_IP           (VARIABLES_LENGTH("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%") + IFNAMSIZ - 1)
#define VARIABLES_UID          VARIABLES_LENGTH("uid 4294967295")
#define VARIABLES_PORT         VARIABLES_LENGTH("65535")
#define VARIABLES_ID           VARIABLES_LENGTH("4294967295")
#define VARIABLES_BYTE         VARIABLES_LENGTH("255")
#define VARIABLES_ECN          VARIABLES_LENGTH("asked")
#define VARIABLES_FLOW         VARIABLES_LENGTH("0xfffff")
#define VARIABLES_PID          VARIABLES_LENGTH("4194304")    /* proc(5) */
#define VARIABLES_LOAD         VARIABLES_LENGTH("4194304.99") /* with all of them running */
#define VARIABLES_STATE        VARIABLES_LENGTH("ready")
#define VARIABLES_WEIGHT       VARIABLES_LENGTH("256")
#define VARIABLES_MILLISECONDS VARIABLES_LENGTH("4294967.295")
#define VARIABLES_INTERFACE    (IFNAMSIZ - 1)
#define VARIABLES_AUTHORITY    253 /* of a name in the DNS (RFC 1035, section 3.1) */
#define VARIABLES_FAMILY       VARIABLES_LENGTH("unix")
#define VARIABLES_REQUEST      VARIABLES_LENGTH("0123456789abcdef-0123456789abcdef")
#define VARIABLES_TIME         VARIABLES_LENGTH("2026-11-22T12:00:00.000Z") /* without a format */
#define VARIABLES_FORMAT       128                                          /* with one */
#define VARIABLES_COUNT        VARIABLES_LENGTH("18446744073709551615")
#define VARIABLES_UPTIME       VARIABLES_LENGTH("9223372036")   /* of nanoseconds in 63 bits */
#define VARIABLES_UNIX         VARIABLES_LENGTH("253402300799") /* the end of the year 9999 */
#define VARIABLES_UNIX_US      VARIABLES_LENGTH("253402300799999999")
#define VARIABLES_ANY          0 /* any length: known when the configuration is loaded */

/* A line per variable: X(IDENTIFIER, name, when it is known, longest value of an IP listener and of a Unix
 * listener, its argument). Messages list them in this order. AT_LOAD: when the configuration is loaded, by
 * the table in greeting.c or from a file. PER_EPOCH: the same for all clients of an epoch (see struct
 * occasion), and PER_CLIENT: when a client is served, both by name_value() in values.c. QUOTED: from the
 * listener's quotes. */
#define VARIABLES(X)                                                                                    \
    X(HOSTNAME, hostname, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE)                                  \
    X(INSTANCE, instance, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE) /* setting "instance" */         \
    X(VERSION, version, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE)   /* of sockgreet */               \
    X(OS, os, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE)             /* its name, as os-release(5) */ \
    X(KERNEL, kernel, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE)     /* its release, as uname -r */   \
    X(BOOT_ID, boot_id, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE)                                    \
    X(ENV, env, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, REQUIRED)                                        \
    X(FILE, file, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, REQUIRED)                                      \
    X(MOTD, motd, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE) /* content of /etc/motd */               \
    X(QUOTE, quote, QUOTED, QUOTES_MAX, QUOTES_MAX, NONE)                                               \
    X(QUOTE_OF_THE_DAY, quote_of_the_day, QUOTED, QUOTES_MAX, QUOTES_MAX, NONE)                         \
    X(LISTENER, listener, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE)   /* its name */                 \
    X(TRANSPORT, transport, AT_LOAD, VARIABLES_ANY, VARIABLES_ANY, NONE) /* of transport_name() */      \
    X(FAMILY, family, PER_CLIENT, VARIABLES_FAMILY, VARIABLES_FAMILY, NONE)                             \
    X(CLIENT_ADDRESS, client_address, PER_CLIENT, VARIABLES_IP, VARIABLES_UID, NONE)                    \
    X(CLIENT_PORT, client_port, PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT, NONE) /* empty for Unix */  \
    X(CLIENT_UID, client_uid, PER_CLIENT, VARIABLES_ID, VARIABLES_ID, NONE)       /* Unix only */       \
    X(CLIENT_GID, client_gid, PER_CLIENT, VARIABLES_ID, VARIABLES_ID, NONE)                             \
    X(CLIENT_PID, client_pid, PER_CLIENT, VARIABLES_ID, VARIABLES_ID, NONE)                             \
    X(CLIENT_CONNECTIONS, client_connections, PER_CLIENT, VARIABLES_ID, VARIABLES_ID, NONE)             \
    X(SERVER_ADDRESS, server_address, PER_CLIENT, VARIABLES_IP, VARIABLES_IP, NONE)                     \
    X(SERVER_PORT, server_port, PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT, NONE) /* empty for Unix */  \
    X(INTERFACE, interface, PER_CLIENT, VARIABLES_INTERFACE, VARIABLES_INTERFACE, NONE)                 \
    X(PROXIED, proxied, PER_CLIENT, VARIABLES_LENGTH("yes"), VARIABLES_LENGTH("yes"), NONE)             \
    X(PROXY_ADDRESS, proxy_address, PER_CLIENT, VARIABLES_IP, VARIABLES_UID, NONE) /* or empty */       \
    X(PROXY_PORT, proxy_port, PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT, NONE)                         \
    X(ORIGINAL_ADDRESS, original_address, PER_CLIENT, VARIABLES_IP, VARIABLES_IP, NONE) /* or empty */  \
    X(ORIGINAL_PORT, original_port, PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT, NONE)                   \
    X(PROXY_AUTHORITY, proxy_authority, PER_CLIENT, VARIABLES_AUTHORITY, VARIABLES_AUTHORITY, NONE)     \
    X(PROXY_UNIQUE_ID, proxy_unique_id, PER_CLIENT, PROXY_UNIQUE_ID_MAX, PROXY_UNIQUE_ID_MAX, NONE)     \
    X(TTL, ttl, PER_CLIENT, VARIABLES_BYTE, VARIABLES_BYTE, NONE)   /* on arrival; unknown: empty */    \
    X(HOPS, hops, PER_CLIENT, VARIABLES_BYTE, VARIABLES_BYTE, NONE) /* estimated from the TTL */        \
    X(DSCP, dscp, PER_CLIENT, VARIABLES_BYTE, VARIABLES_BYTE, NONE)                                     \
    X(ECN, ecn, PER_CLIENT, VARIABLES_ECN, VARIABLES_ECN, NONE)                                         \
    X(FLOW_LABEL, flow_label, PER_CLIENT, VARIABLES_FLOW, VARIABLES_FLOW, NONE)                         \
    X(MSS, mss, PER_CLIENT, VARIABLES_PORT, VARIABLES_PORT, NONE) /* of the client's SYN */             \
    X(WINDOW_SCALE, window_scale, PER_CLIENT, VARIABLES_BYTE, VARIABLES_BYTE, NONE)                     \
    X(SYN_OPTIONS, syn_options, PER_CLIENT, SEEN_OPTIONS_MAX, SEEN_OPTIONS_MAX, NONE)                   \
    X(PATH_MTU, path_mtu, PER_CLIENT, VARIABLES_ID, VARIABLES_ID, NONE)                                 \
    X(RTT, rtt, PER_CLIENT, VARIABLES_MILLISECONDS, VARIABLES_MILLISECONDS, NONE)                       \
    X(PID, pid, PER_EPOCH, VARIABLES_PID, VARIABLES_PID, NONE)                                          \
    X(WORKER, worker, PER_EPOCH, VARIABLES_ID, VARIABLES_ID, NONE)                                      \
    X(GENERATION, generation, PER_EPOCH, VARIABLES_ID, VARIABLES_ID, NONE)                              \
    X(UPTIME, uptime, PER_EPOCH, VARIABLES_UPTIME, VARIABLES_UPTIME, NONE)   /* seconds */              \
    X(LOAD, load, PER_EPOCH, VARIABLES_LOAD, VARIABLES_LOAD, NONE)           /* of a minute */          \
    X(STATE, state, PER_EPOCH, VARIABLES_STATE, VARIABLES_STATE, NONE)       /* of the service */       \
    X(WEIGHT, weight, PER_EPOCH, VARIABLES_WEIGHT, VARIABLES_WEIGHT, NONE)   /* percent */              \
    X(REASON, reason, PER_EPOCH, STATE_REASON_MAX, STATE_REASON_MAX, NONE)   /* or empty */             \
    X(CONNECTIONS, connections, PER_EPOCH, VARIABLES_ID, VARIABLES_ID, NONE) /* of the service */       \
    X(GREETINGS_TOTAL, greetings_total, PER_EPOCH, VARIABLES_COUNT, VARIABLES_COUNT, NONE)              \
    X(REQUEST_ID, request_id, PER_CLIENT, VARIABLES_REQUEST, VARIABLES_REQUEST, NONE)                   \
    X(RECEIVED_BYTES, received_bytes, PER_CLIENT, VARIABLES_ID, VARIABLES_ID, NONE)                     \
    X(ACCEPT_TIME, accept_time, PER_CLIENT, VARIABLES_TIME, VARIABLES_TIME, NONE) /* in UTC */          \
    X(QUEUE_TIME, queue_time, PER_CLIENT, VARIABLES_MILLISECONDS, VARIABLES_MILLISECONDS, NONE)         \
    X(TIME, time, PER_EPOCH, VARIABLES_TIME, VARIABLES_TIME, OPTIONAL) /* in UTC */                     \
    X(UNIX, unix, PER_EPOCH, VARIABLES_UNIX, VARIABLES_UNIX, NONE)                                      \
    X(UNIX_US, unix_us, PER_CLIENT, VARIABLES_UNIX_US, VARIABLES_UNIX_US, NONE)

#define VARIABLES_IDENTIFIER(identifier, ...) VARIABLE_##identifier,
enum variable { VARIABLES(VARIABLES_IDENTIFIER) VARIABLE_COUNT };
#undef VARIABLES_IDENTIFIER

#define VARIABLE_BIT(variable) (UINT64_C(1) << (variable))

/* "client_port". */
const char *variables_name(enum variable variable);

/* Whether it is known when the configuration is loaded, not only when a client is served. */
bool variables_known_at_load(enum variable variable);

/* Whether it is the same for all clients of an epoch, except for the exact time. */
bool variables_known_per_epoch(enum variable variable);

/* Bytes of the longest value of a variable that is not AT_LOAD, for clients of IP, Unix sockets, or both. */
size_t variables_longest(enum variable variable, bool ip, bool unix_too);

enum template_argument variables_argument(enum variable variable);

#endif
