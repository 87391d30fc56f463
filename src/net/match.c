/* SPDX-License-Identifier: MIT */
#include "net/match.h"

static unsigned mix(unsigned hash, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;

    while (count--)
        hash = (hash ^ *at++) * 16777619u; /* FNV-1a */
    return hash;
}

static unsigned hash_of(enum transport transport, const struct address *address)
{
    unsigned hash = mix(2166136261u, &(int){transport}, sizeof(int));

    switch (address->sa.sa_family) {
    case AF_INET:
        hash = mix(hash, &address->in.sin_port, sizeof(address->in.sin_port));
        return mix(hash, &address->in.sin_addr, sizeof(address->in.sin_addr));
    case AF_INET6:
        hash = mix(hash, &address->in6.sin6_port, sizeof(address->in6.sin6_port));
        return mix(hash, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
    default:
        return mix(hash, &address->sa, address->length);
    }
}

unsigned match_hash(const struct socket *socket)
{
    return hash_of(socket->transport, &socket->address);
}

unsigned match_wanted_hash(const struct wanted *wanted)
{
    return hash_of(wanted->conf->transport, &wanted->endpoint.address);
}

/* An interface that is gone differs from none, and from a new one with the same name. */
static bool same_interface(const struct socket *socket, const struct wanted *wanted)
{
    return socket->interface == wanted->interface && (wanted->interface || !*wanted->conf->interface);
}

bool match_same(const struct socket *socket, const struct wanted *wanted)
{
    const struct conf_endpoint *endpoint = &wanted->endpoint;

    if (socket->detached || socket->broken || socket->transport != wanted->conf->transport ||
        !address_equal(&socket->address, &endpoint->address))
        return false;
    if (path_is(&socket->address))
        return !socket->owned || path_is_there(&socket->address, socket->beside, &socket->file);
    if (socket->address.sa.sa_family == AF_UNIX)
        return true;
    return same_interface(socket, wanted) &&
           (!address_is_ipv6(&socket->address) || socket->v6only != endpoint->dual_stack);
}

/* Which families a socket accepts: bit 0 IPv4, bit 1 IPv6. */
static unsigned families(const struct address *address, bool v6only)
{
    if (!address_is_ipv6(address))
        return 1;
    return v6only || !address_is_any(address) ? 2 : 3;
}

static bool addresses_overlap(const struct socket *socket, const struct wanted *wanted)
{
    const struct address *a = &socket->address, *b = &wanted->endpoint.address;

    if (address_port(a) != address_port(b) ||
        !(families(a, socket->v6only) & families(b, !wanted->endpoint.dual_stack)))
        return false;
    return address_is_any(a) || address_is_any(b) || address_equal(a, b);
}

/* A file is one socket, whatever its type. Abstract names are separate for streams and datagrams. */
static bool names_overlap(const struct socket *socket, const struct wanted *wanted)
{
    const struct address *address = &wanted->endpoint.address;

    if (path_is(&socket->address))
        return path_is(address) &&
               (address_equal(&socket->address, address) ||
                path_same(&socket->address, &socket->directory, address, &wanted->directory));
    return socket->transport == wanted->conf->transport && address_equal(&socket->address, address);
}

bool match_overlaps(const struct socket *socket, const struct wanted *wanted)
{
    if (socket->address.sa.sa_family == AF_UNIX)
        return names_overlap(socket, wanted);
    if (socket->transport != wanted->conf->transport || !addresses_overlap(socket, wanted))
        return false;
    return !socket->interface || !wanted->interface || socket->interface == wanted->interface;
}

bool match_is_covered(const struct socket *socket, const struct wanted *wanted)
{
    const struct address *address = &wanted->endpoint.address;

    if (!match_overlaps(socket, wanted) || (wanted->interface && wanted->interface != socket->interface) ||
        (families(&socket->address, socket->v6only) & ~families(address, !wanted->endpoint.dual_stack)))
        return false;
    return address_is_any(address) || address_equal(&socket->address, address);
}
