/* SPDX-License-Identifier: MIT */
/* transport: the four transports, and their names. */
#ifndef SOCKGREET_TRANSPORT_H
#define SOCKGREET_TRANSPORT_H

#include <stdbool.h>

enum transport { TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_UNIX, TRANSPORT_UNIX_DGRAM, TRANSPORT_COUNT };

/* The name used in configuration, journal and targets: "tcp", "udp", "unix", "unix-dgram". */
const char *transport_name(enum transport transport);

/* Finds the transport called name; false if there is none. */
bool transport_from_name(const char *name, enum transport *transport);

/* SOCK_STREAM or SOCK_DGRAM. */
int transport_socket_type(enum transport transport);

/* Whether its clients connect: TCP and Unix streams. */
bool transport_is_stream(enum transport transport);

/* Whether the transport is one of the two Unix-domain ones. */
bool transport_is_unix(enum transport transport);

#endif
