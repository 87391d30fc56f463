/* SPDX-License-Identifier: MIT */
#include "client/ask/dial.h"

#include "base/message.h"
#include "base/util.h"
#include "client/ask/lookup.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

int dial_source_parse(struct dial_source *source, const char *text, struct message *error)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;

    source->address = (struct address){0};
    source->interface[0] = '\0';
    if (getaddrinfo(text, NULL, &hints, &found) == 0) {
        address_set(&source->address, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
        return 0;
    }
    if (strlen(text) < sizeof(source->interface) && if_nametoindex(text) != 0) {
        strcpy(source->interface, text);
        return 0;
    }
    message_set(error, "-I: '%s' is neither an IP address nor a network interface of this machine", text);
    return -1;
}

static int list_unix(struct dial_list *list, const char *path)
{
    list->addresses = calloc(1, sizeof(struct address));
    if (!list->addresses)
        return EAI_MEMORY;
    list->count = 1;
    return address_set_unix(list->addresses, path) ? 0 : EAI_NONAME;
}

static int list_found(struct dial_list *list, const struct addrinfo *found)
{
    size_t count = 0;

    for (const struct addrinfo *one = found; one; one = one->ai_next)
        count++;
    list->addresses = calloc(count, sizeof(struct address));
    if (!list->addresses)
        return EAI_MEMORY;
    for (const struct addrinfo *one = found; one; one = one->ai_next)
        address_set(&list->addresses[list->count++], one->ai_addr, one->ai_addrlen);
    return 0;
}

int dial_lookup(struct dial_list *list, const struct endpoint *endpoint, int family,
                const struct deadline *deadline)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = transport_socket_type(endpoint->transport)};
    /* The same word as in the daemon's configuration. */
    const char *host = strcmp(endpoint->host, "<broadcast>") == 0 ? "255.255.255.255" : endpoint->host;
    struct addrinfo *found;
    int code;

    *list = (struct dial_list){0};
    if (transport_is_unix(endpoint->transport))
        return list_unix(list, endpoint->path);
    code = lookup_host(host, endpoint->port, &hints, deadline, &found);
    if (code)
        return code;
    code = list_found(list, found);
    freeaddrinfo(found);
    return code;
}

void dial_list_free(struct dial_list *list)
{
    free(list->addresses);
    *list = (struct dial_list){0};
}

bool dial_set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool set_marks_v4(int fd, const struct dial_source *source)
{
    int class = source->dscp << 2 | source->ecn;

    return (source->ttl == 0 || dial_set(fd, IPPROTO_IP, IP_TTL, source->ttl)) &&
           (!source->has_class || dial_set(fd, IPPROTO_IP, IP_TOS, class)) &&
           (!source->df || dial_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE));
}

static bool set_marks_v6(int fd, const struct dial_source *source)
{
    int class = source->dscp << 2 | source->ecn;

    return (source->ttl == 0 || (dial_set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, source->ttl) &&
                                 dial_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, source->ttl))) &&
           (!source->has_class || dial_set(fd, IPPROTO_IPV6, IPV6_TCLASS, class)) &&
           (!source->df || dial_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE));
}

static bool set_marks(int fd, int family, const struct dial_source *source)
{
    if (source->mark && !dial_set(fd, SOL_SOCKET, SO_MARK, (int)source->mark))
        return false;
    return family == AF_INET6 ? set_marks_v6(fd, source) : set_marks_v4(fd, source);
}

static struct address source_address(const struct dial_source *source, int family)
{
    struct address address = source->address;

    if (address.length == 0)
        address_set_any(&address, family);
    address_set_port(&address, source->port);
    return address;
}

static int bind_source(int fd, int family, const struct dial_source *source)
{
    struct address address = source_address(source, family);

    if (source->interface[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, source->interface,
                                           (socklen_t)strlen(source->interface)) < 0)
        return -1;
    if (source->address.length == 0 && source->port == 0)
        return 0;
    if (source->port) /* An earlier connection keeps its port for a minute (TIME_WAIT). */
        dial_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    else /* Choose the port when connecting, so that ports in use towards other hosts do not count. */
        dial_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return bind(fd, &address.sa, address.length);
}

static int prepare(int fd, int family, enum transport transport, const struct dial_source *source)
{
    static const struct sockaddr autobind = {.sa_family = AF_UNIX};

    if (transport == TRANSPORT_UNIX_DGRAM)
        return bind(fd, &autobind, sizeof(autobind.sa_family));
    if (transport == TRANSPORT_UNIX)
        return 0;
    /* Without it an unreachable host cannot be told from a silent one. */
    if (transport == TRANSPORT_UDP && family == AF_INET)
        dial_set(fd, IPPROTO_IP, IP_RECVERR, 1);
    if (transport == TRANSPORT_UDP && family == AF_INET6)
        dial_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    return set_marks(fd, family, source) ? bind_source(fd, family, source) : -1;
}

int dial_socket(const struct address *address, enum transport transport, const struct dial_source *source)
{
    int family = address->sa.sa_family;
    int fd = socket(family, transport_socket_type(transport) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && prepare(fd, family, transport, source) < 0)
        close_fd(&fd);
    return fd < 0 ? -errno : fd;
}

bool dial_self_connected(int fd)
{
    struct address local = {.length = sizeof(local.un)};
    struct address peer = {.length = sizeof(peer.un)};

    if (getsockname(fd, &local.sa, &local.length) < 0 || getpeername(fd, &peer.sa, &peer.length) < 0)
        return false;
    return local.sa.sa_family != AF_UNIX && address_equal(&local, &peer);
}

int dial_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof(error);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

int dial_connect(int fd, const struct address *address, const struct deadline *deadline)
{
    int error = connect(fd, &address->sa, address->length) == 0 ? 0 : errno;

    if (error == EINPROGRESS)
        error = deadline_wait(deadline, fd, POLLOUT) == DEADLINE_READY ? dial_error(fd) : ETIMEDOUT;
    return error == 0 && dial_self_connected(fd) ? ECONNREFUSED : error;
}

bool dial_is_group(int fd, const struct address *address)
{
    enum address_scope scope = address_scope(address);

    if (address->sa.sa_family == AF_UNIX)
        return false;
    if (scope == ADDRESS_MULTICAST)
        return true;
    /* Only the kernel knows the broadcast addresses of its networks, and refuses to connect to them without
     * SO_BROADCAST.
     */
    if (connect(fd, &address->sa, address->length) == 0 || errno != EACCES)
        return false;
    return dial_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
}
