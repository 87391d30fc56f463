/* SPDX-License-Identifier: MIT */
#include "guard/source.h"

#include <stdint.h>

#define PRIVILEGED_PORTS 1024
#define IPV4_OVERHEAD    28 /* RFC 791 header without options, RFC 768 header */
#define IPV6_OVERHEAD    48 /* RFC 8200 header, RFC 768 header */
#define PACKET_ALWAYS    64 /* bytes of IP packet that every source gets */

static bool is_one_host(enum address_scope scope)
{
    return scope != ADDRESS_MULTICAST && scope != ADDRESS_BROADCAST && scope != ADDRESS_UNSPECIFIED;
}

/* Ports of small services that would answer back. */
static bool is_low(unsigned port, enum address_scope scope)
{
    return port < PRIVILEGED_PORTS && scope != ADDRESS_LOOPBACK;
}

bool source_is_answerable(const struct conf *conf, const struct conf_listener *listener,
                          const struct source *source)
{
    enum address_scope scope = address_scope(source->client);
    unsigned port = address_port(source->client);

    if (port == 0 || !is_one_host(scope))
        return false;
    /* A genuine IPv6 packet never comes from ::ffff:127.0.0.1; such a source is forged. */
    if (address_is_ipv4(source->client) != (source->family == AF_INET))
        return false;
    if (source->to_many && !listener->answer_broadcast)
        return false;
    if (is_low(port, scope) && !listener->low_ports)
        return false;
    return !conf_has_udp_port(conf, port); /* another greeter, or ourselves */
}

size_t source_allowance(const struct conf_listener *listener, const struct address *client, size_t request)
{
    size_t overhead = address_is_ipv4(client) ? IPV4_OVERHEAD : IPV6_OVERHEAD, packet;

    if (address_scope(client) != ADDRESS_GLOBAL)
        return SIZE_MAX;
    packet = (size_t)((double)(request + overhead) * listener->max_amplification);
    return (packet > PACKET_ALWAYS ? packet : PACKET_ALWAYS) - overhead;
}
