/* SPDX-License-Identifier: MIT */
#include "base/transport.h"

#include <string.h>
#include <sys/socket.h>

static const char *const names[TRANSPORT_COUNT] = {
    [TRANSPORT_TCP] = "tcp",
    [TRANSPORT_UDP] = "udp",
    [TRANSPORT_UNIX] = "unix",
    [TRANSPORT_UNIX_DGRAM] = "unix-dgram",
};

const char *transport_name(enum transport transport)
{
    return names[transport];
}

bool transport_from_name(const char *name, enum transport *transport)
{
    for (int i = 0; i < TRANSPORT_COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *transport = (enum transport)i;
            return true;
        }
    return false;
}

int transport_socket_type(enum transport transport)
{
    return transport_is_stream(transport) ? SOCK_STREAM : SOCK_DGRAM;
}

bool transport_is_stream(enum transport transport)
{
    return transport == TRANSPORT_TCP || transport == TRANSPORT_UNIX;
}

bool transport_is_unix(enum transport transport)
{
    return transport == TRANSPORT_UNIX || transport == TRANSPORT_UNIX_DGRAM;
}
