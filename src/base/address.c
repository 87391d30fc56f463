/* SPDX-License-Identifier: MIT */
#include "base/address.h"

#include "base/escape.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define AUTOBIND_DIGITS 5

#define UN_HEADER offsetof(struct sockaddr_un, sun_path)

void address_set(struct address *address, const struct sockaddr *sa, socklen_t length)
{
    memset(address, 0, sizeof(*address));
    address->length = length < sizeof(address->un) ? length : sizeof(address->un);
    memcpy(&address->sa, sa, address->length);
}

bool address_set_unix(struct address *address, const char *path)
{
    size_t length = strlen(path);
    bool abstract = path[0] == '@';

    memset(address, 0, sizeof(*address));
    if (length == 0 || length >= sizeof(address->un.sun_path) || (abstract && length == 1))
        return false;
    address->un.sun_family = AF_UNIX;
    memcpy(address->un.sun_path, path, length);
    if (abstract)
        address->un.sun_path[0] = '\0';
    /* An abstract name ends where the length says (unix(7)); a path includes its terminator. */
    address->length = (socklen_t)(UN_HEADER + length + (abstract ? 0 : 1));
    return true;
}

void address_unmap(struct address *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};

    if (address->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
        return;
    in.sin_port = address->in6.sin6_port;
    memcpy(&in.sin_addr, &address->in6.sin6_addr.s6_addr[12], sizeof(in.sin_addr));
    address_set(address, (const struct sockaddr *)&in, sizeof(in));
}

static size_t unix_text(const struct address *address, char *text, size_t size)
{
    size_t length = address->length > UN_HEADER ? address->length - UN_HEADER : 0;

    if (length == 0 || size < 2) {
        text[0] = '\0';
        return 0;
    }
    if (address->un.sun_path[0] != '\0')
        return escape_bytes(text, size, address->un.sun_path, strnlen(address->un.sun_path, length));
    text[0] = '@';
    return 1 + escape_bytes(text + 1, size - 1, address->un.sun_path + 1, length - 1);
}

/* An interface's name may contain almost anything. Only these characters cannot be mistaken for something
 * else in JSON or in a shell. */
static bool is_plain(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@:+")] == '\0';
}

static size_t ipv6_text(const struct sockaddr_in6 *in6, char *text, size_t size)
{
    char name[IF_NAMESIZE];
    size_t used;

    if (!inet_ntop(AF_INET6, &in6->sin6_addr, text, (socklen_t)size))
        text[0] = '\0';
    used = strlen(text);
    if (in6->sin6_scope_id == 0)
        return used;
    if (if_indextoname(in6->sin6_scope_id, name) && is_plain(name))
        snprintf(text + used, size - used, "%%%s", name);
    else
        snprintf(text + used, size - used, "%%%u", in6->sin6_scope_id);
    return used + strlen(text + used);
}

size_t address_host(const struct address *address, char *text, size_t size)
{
    struct address plain = *address;

    if (size == 0)
        return 0;
    text[0] = '\0';
    address_unmap(&plain);
    switch (plain.sa.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &plain.in.sin_addr, text, (socklen_t)size);
        return strlen(text);
    case AF_INET6:
        return ipv6_text(&plain.in6, text, size);
    case AF_UNIX:
        return unix_text(&plain, text, size);
    default:
        return 0;
    }
}

unsigned address_port(const struct address *address)
{
    /* sin_port and sin6_port lie at the same offset (RFC 3493 3.3 leaves it open, Linux fixes it). */
    _Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
                   "port offset");
    if (address->sa.sa_family != AF_INET && address->sa.sa_family != AF_INET6)
        return 0;
    return ntohs(address->in.sin_port);
}

void address_set_port(struct address *address, unsigned port)
{
    if (address->sa.sa_family == AF_INET || address->sa.sa_family == AF_INET6)
        address->in.sin_port = htons((uint16_t)port);
}

size_t address_text(const struct address *address, char *text, size_t size)
{
    char host[ADDRESS_TEXT_MAX];
    size_t length = address_host(address, host, sizeof(host));
    int n;

    if (size == 0)
        return 0;
    if (address->sa.sa_family == AF_UNIX || length == 0)
        n = snprintf(text, size, "%s", host);
    else
        n = snprintf(text, size, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, address_port(address));
    return (size_t)n < size ? (size_t)n : size - 1;
}

bool address_is_ipv4(const struct address *address)
{
    return address->sa.sa_family == AF_INET ||
           (address->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr));
}

bool address_is_autobound(const struct address *address)
{
    const char *name = address->un.sun_path;

    if (address->sa.sa_family != AF_UNIX || name[0] != '\0' ||
        address->length != offsetof(struct sockaddr_un, sun_path) + 1 + AUTOBIND_DIGITS)
        return false;
    for (int i = 1; i <= AUTOBIND_DIGITS; i++)
        if (!memchr("0123456789abcdef", name[i], 16))
            return false;
    return true;
}

bool address_is_ipv6(const struct address *address)
{
    return address->sa.sa_family == AF_INET6;
}

bool address_equal(const struct address *a, const struct address *b)
{
    if (a->sa.sa_family != b->sa.sa_family)
        return false;
    switch (a->sa.sa_family) {
    case AF_INET:
        return a->in.sin_port == b->in.sin_port && a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    case AF_INET6:
        return a->in6.sin6_port == b->in6.sin6_port && a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
               IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
    default:
        return a->length == b->length && memcmp(&a->sa, &b->sa, a->length) == 0;
    }
}

static enum address_scope ipv4_scope(uint32_t host)
{
    static const struct {
        uint32_t prefix, mask;
        enum address_scope scope;
    } ranges[] = {
        {0xffffffff, 0xffffffff, ADDRESS_BROADCAST},   /* 255.255.255.255 */
        {0x00000000, 0xff000000, ADDRESS_UNSPECIFIED}, /* 0.0.0.0/8 */
        {0x7f000000, 0xff000000, ADDRESS_LOOPBACK},    /* 127.0.0.0/8 */
        {0x0a000000, 0xff000000, ADDRESS_PRIVATE},     /* 10.0.0.0/8 */
        {0xac100000, 0xfff00000, ADDRESS_PRIVATE},     /* 172.16.0.0/12 */
        {0xc0a80000, 0xffff0000, ADDRESS_PRIVATE},     /* 192.168.0.0/16 */
        {0x64400000, 0xffc00000, ADDRESS_PRIVATE},     /* 100.64.0.0/10 */
        {0xa9fe0000, 0xffff0000, ADDRESS_LINK_LOCAL},  /* 169.254.0.0/16 */
        {0xe0000000, 0xf0000000, ADDRESS_MULTICAST},   /* 224.0.0.0/4 */
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if ((host & ranges[i].mask) == ranges[i].prefix)
            return ranges[i].scope;
    return ADDRESS_GLOBAL;
}

static enum address_scope ipv6_scope(const struct in6_addr *in6)
{
    if (IN6_IS_ADDR_UNSPECIFIED(in6))
        return ADDRESS_UNSPECIFIED;
    if (IN6_IS_ADDR_LOOPBACK(in6))
        return ADDRESS_LOOPBACK;
    if (IN6_IS_ADDR_MULTICAST(in6))
        return ADDRESS_MULTICAST;
    if (IN6_IS_ADDR_LINKLOCAL(in6))
        return ADDRESS_LINK_LOCAL;
    if ((in6->s6_addr[0] & 0xfe) == 0xfc)
        return ADDRESS_PRIVATE;
    return ADDRESS_GLOBAL;
}

enum address_scope address_scope(const struct address *address)
{
    uint32_t v4;

    switch (address->sa.sa_family) {
    case AF_INET:
        return ipv4_scope(ntohl(address->in.sin_addr.s_addr));
    case AF_INET6:
        if (!IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
            return ipv6_scope(&address->in6.sin6_addr);
        memcpy(&v4, &address->in6.sin6_addr.s6_addr[12], sizeof(v4));
        return ipv4_scope(ntohl(v4));
    default:
        return ADDRESS_UNSPECIFIED;
    }
}

bool address_is_any(const struct address *address)
{
    if (address->sa.sa_family == AF_INET)
        return address->in.sin_addr.s_addr == htonl(INADDR_ANY);
    return address->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr);
}

void address_set_any(struct address *address, int family)
{
    *address = (struct address){.length = family == AF_INET6 ? sizeof(address->in6) : sizeof(address->in)};
    address->sa.sa_family = (sa_family_t)family;
}

const char *address_family_name(int family)
{
    switch (family) {
    case AF_INET:
        return "IPv4";
    case AF_INET6:
        return "IPv6";
    case AF_UNIX:
        return "Unix";
    default:
        return "IP";
    }
}
