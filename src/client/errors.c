/* SPDX-License-Identifier: MIT */
#include "client/errors.h"

#include "base/ascii.h"
#include "base/util.h"
#include "client/ask/dial.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define UDP_HEADERS_V4 28 /* bytes, with the header of IP */
#define UDP_HEADERS_V6 48

#define UNPRIVILEGED_PORT_MIN 1024

static void in_lower_case(char *text, size_t size, const char *sentence)
{
    snprintf(text, size, "%s", sentence);
    /* "Connection refused" begins with a small letter within a line, "RPC failed" does not. */
    if (ascii_is_upper(text[0]) && !ascii_is_upper(text[1]))
        text[0] = ascii_lower(text[0]);
}

void errors_errno(char *text, size_t size, int error)
{
    const char *description = strerrordesc_np(error);

    in_lower_case(text, size, description ? description : "unknown error");
}

/* "5.0 s", and what is shorter in milliseconds. */
static void write_time(char text[32], int64_t nanoseconds)
{
    if (nanoseconds < NS_PER_S / 10)
        snprintf(text, 32, "%.*f ms", nanoseconds < 10 * NS_PER_MS ? 1 : 0,
                 (double)nanoseconds / (double)NS_PER_MS);
    else
        snprintf(text, 32, "%.1f s", (double)nanoseconds / (double)NS_PER_S);
}

/* Whether the host is an address, but of the other family. */
static int other_family(const struct errors_lookup *lookup)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int family;

    if (lookup->family == AF_UNSPEC || getaddrinfo(lookup->host, NULL, &hints, &found) != 0)
        return AF_UNSPEC;
    family = found->ai_family;
    freeaddrinfo(found);
    return family != lookup->family ? family : AF_UNSPEC;
}

/* The interface named in host if this machine does not have it, else NULL. */
static const char *missing_interface(const char *host)
{
    const char *scope = strchr(host, '%');

    return scope && strchr(host, ':') && if_nametoindex(scope + 1) == 0 ? scope + 1 : NULL;
}

static void write_no_address(char *text, size_t size, const struct errors_lookup *lookup,
                             const char *otherwise)
{
    int other = other_family(lookup);
    const char *interface = missing_interface(lookup->host);

    if (interface)
        snprintf(text, size, "this machine has no network interface '%s'", interface);
    else if (other != AF_UNSPEC)
        snprintf(text, size, "this is an %s address, but %s was requested (-4, -6 or -I)",
                 address_family_name(other), address_family_name(lookup->family));
    else
        snprintf(text, size, "%s", otherwise);
}

void errors_lookup(char *text, size_t size, const struct errors_lookup *lookup)
{
    char words[ERRORS_MAX];
    char other[32];
    char time[32];

    switch (lookup->code) {
    case EAI_NONAME:
        write_no_address(text, size, lookup, "no such host");
        break;
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        snprintf(other, sizeof(other), "no %s address", address_family_name(lookup->family));
        write_no_address(text, size, lookup, other);
        break;
    case EAI_SERVICE:
        snprintf(text, size, "no such service");
        break;
    case EAI_AGAIN:
        snprintf(text, size, "the name service does not answer");
        break;
    case EAI_CANCELED:
        write_time(time, lookup->nanoseconds);
        snprintf(text, size, "the name service did not answer in %s", time);
        break;
    case EAI_SYSTEM:
        errors_errno(words, sizeof(words), lookup->error);
        snprintf(text, size, "cannot look up the name: %s", words);
        break;
    default:
        in_lower_case(text, size, gai_strerror(lookup->code));
    }
}

void errors_connected(char *text, size_t size, int64_t connect_ns, const char *what)
{
    char time[32];

    write_time(time, connect_ns);
    snprintf(text, size, "connected in %s, %s", time, what);
}

void errors_repeated(char *text, size_t size, int64_t nanoseconds)
{
    char time[32];

    write_time(time, nanoseconds);
    snprintf(text, size, "the connection request was lost (connected in %s after a retransmission)", time);
}

static void write_timeout(char *text, size_t size, const struct errors_attempt *attempt)
{
    char time[32];
    char what[64];

    write_time(time, attempt->total_ns);
    if (!transport_is_stream(attempt->transport)) {
        snprintf(text, size, "no answer in %s (lost, filtered, or no server)", time);
    } else if (!attempt->connected && attempt->transport == TRANSPORT_UNIX) {
        snprintf(text, size, "the queue of the socket stayed full for %s", time);
    } else if (!attempt->connected) {
        snprintf(text, size, "no answer to the connection request in %s (filtered, or no such host)", time);
    } else {
        snprintf(what, sizeof(what), "but no greeting in %s", time);
        errors_connected(text, size, attempt->connect_ns, what);
    }
}

static void write_broken(char *text, size_t size, const struct errors_attempt *attempt)
{
    char words[ERRORS_MAX];

    errors_errno(words, sizeof(words), attempt->error);
    if (attempt->length > 0)
        snprintf(text, size, "%s after %zu bytes", words, attempt->length);
    else if (attempt->error == ECONNRESET && transport_is_stream(attempt->transport) && attempt->connected)
        errors_connected(text, size, attempt->connect_ns, "then reset before a greeting");
    else
        snprintf(text, size, "%s", words);
}

void errors_attempt(char *text, size_t size, const struct errors_attempt *attempt)
{
    switch (attempt->error) {
    case ETIMEDOUT:
        write_timeout(text, size, attempt);
        break;
    case EACCES:
        snprintf(text, size,
                 transport_is_unix(attempt->transport)
                     ? "permission denied"
                     : "blocked by a packet filter (administratively prohibited)");
        break;
    case EPERM:
        snprintf(text, size, "blocked by a packet filter of this machine");
        break;
    default:
        write_broken(text, size, attempt);
    }
}

static bool lacks_interface(const struct address *address)
{
    return address->length > 0 && address->sa.sa_family == AF_INET6 &&
           IN6_IS_ADDR_LINKLOCAL(&address->in6.sin6_addr) && address->in6.sin6_scope_id == 0;
}

static void write_not_permitted(char *text, size_t size, const struct dial_source *source)
{
    if (source->mark)
        snprintf(text, size, "--mark needs the capability CAP_NET_ADMIN");
    else
        snprintf(text, size, "-I %s needs the capability CAP_NET_RAW", source->interface);
}

static void write_not_available(char *text, size_t size, const struct dial_source *source, const char *host)
{
    if (source->address.length > 0)
        snprintf(text, size, "%.64s is not an address of this machine", host);
    else if (source->port)
        snprintf(text, size, "port %u of this machine is in use by an earlier connection to the same server",
                 source->port);
    else
        snprintf(text, size, "no free source port on this machine");
}

void errors_dial(char *text, size_t size, const struct dial_source *source, int error)
{
    char host[ADDRESS_TEXT_MAX];
    char words[ERRORS_MAX];

    address_host(&source->address, host, sizeof(host));
    errors_errno(words, sizeof(words), error);
    if (error == EADDRNOTAVAIL)
        write_not_available(text, size, source, host);
    else if (error == EADDRINUSE && source->port)
        snprintf(text, size, "port %u of this machine is in use", source->port);
    else if (error == EACCES && source->port && source->port < UNPRIVILEGED_PORT_MIN)
        snprintf(text, size, "port %u needs the capability CAP_NET_BIND_SERVICE", source->port);
    else if (error == EPERM && (source->mark || source->interface[0]))
        write_not_permitted(text, size, source);
    else if (error == ENODEV && source->interface[0])
        snprintf(text, size, "this machine no longer has the network interface %s", source->interface);
    else if (error == EINVAL && lacks_interface(&source->address))
        snprintf(text, size, "-I %.40s needs an interface, such as %.40s%%eth0", host, host);
    else
        snprintf(text, size, "cannot create a socket: %s", words);
}

static int path_mtu(int fd, int family)
{
    int mtu = 0;
    socklen_t length = sizeof(mtu);

    if (getsockopt(fd, family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP, family == AF_INET6 ? IPV6_MTU : IP_MTU,
                   &mtu, &length) < 0)
        return 0;
    return mtu - (family == AF_INET6 ? UDP_HEADERS_V6 : UDP_HEADERS_V4);
}

void errors_too_large(char *text, size_t size, int fd, const struct address *peer, size_t length)
{
    int room = peer->sa.sa_family == AF_UNIX ? 0 : path_mtu(fd, peer->sa.sa_family);

    if (room > 0 && (size_t)room < length)
        snprintf(text, size, "a request of %zu bytes is too large; the path MTU allows %d (--pad)", length,
                 room);
    else
        snprintf(text, size, "a request of %zu bytes is too large (--pad)", length);
}
