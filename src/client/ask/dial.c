/* SPDX-License-Identifier: MIT */
#include "client/ask/dial.h"
#include "base/message.h"

#include "base/util.h"
#include "client/ask/lookup.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL_QUEUE_PAUSE_NS (10 * NS_PER_MS)

int dial_source_parse(struct dial_source *source, const char *text, struct message *error)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;

    *source = (struct dial_source){0};
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
                const struct patience *patience)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = transport_socket_type(endpoint->transport)};
    /* The socket interface's own word for it, as in the daemon's configuration. */
    const char *host = strcmp(endpoint->host, "<broadcast>") == 0 ? "255.255.255.255" : endpoint->host;
    struct addrinfo *found;
    int code;

    *list = (struct dial_list){0};
    if (transport_is_unix(endpoint->transport))
        return list_unix(list, endpoint->path);
    code = lookup_host(host, endpoint->port, &hints, patience, &found);
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

static int bind_source(int fd, const struct dial_source *source)
{
    static const int on = 1;

    if (source->interface[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, source->interface,
                                           (socklen_t)strlen(source->interface)) < 0)
        return -1;
    if (source->address.length == 0)
        return 0;
    /* Choose the port when connecting, so that ports in use towards other hosts do not count. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    return bind(fd, &source->address.sa, source->address.length);
}

static int prepare(int fd, int family, enum transport transport, const struct dial_source *source)
{
    static const struct sockaddr autobind = {.sa_family = AF_UNIX};
    static const int on = 1;

    if (transport == TRANSPORT_UNIX_DGRAM)
        return bind(fd, &autobind, sizeof(autobind.sa_family));
    if (transport == TRANSPORT_UNIX)
        return 0;
    /* Without it an unreachable host is not told from a silent one. */
    if (transport == TRANSPORT_UDP && family == AF_INET)
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    if (transport == TRANSPORT_UDP && family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
    return bind_source(fd, source);
}

int dial_socket(const struct address *address, enum transport transport, const struct dial_source *source)
{
    int family = address->sa.sa_family;
    int fd = socket(family, transport_socket_type(transport) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && prepare(fd, family, transport, source) < 0)
        close_fd(&fd);
    return fd < 0 ? -errno : fd;
}

static int finish_connecting(int fd, const struct patience *patience)
{
    int error = 0;
    socklen_t length = sizeof(error);

    switch (patience_wait(patience, fd, POLLOUT)) {
    case PATIENCE_OVER:
        return -ETIMEDOUT;
    case PATIENCE_INTERRUPTED:
        return -EINTR;
    case PATIENCE_READY:
        break;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? -errno : -error;
}

/* A request to an unused port of this machine may get that very port as its own, and then meets itself. */
static bool met_itself(int fd)
{
    struct address local = {.length = sizeof(local.un)};
    struct address peer = {.length = sizeof(peer.un)};

    if (getsockname(fd, &local.sa, &local.length) < 0 || getpeername(fd, &peer.sa, &peer.length) < 0)
        return false;
    return local.sa.sa_family != AF_UNIX && address_equal(&local, &peer);
}

int dial_connect(int fd, const struct address *address, const struct patience *patience)
{
    int result;

    while (connect(fd, &address->sa, address->length) < 0) {
        struct patience pause = patience_at_most(patience, FULL_QUEUE_PAUSE_NS);

        if (errno == EINPROGRESS) {
            result = finish_connecting(fd, patience);
            return result == 0 && met_itself(fd) ? -ECONNREFUSED : result;
        }
        /* A Unix listener whose queue is full; the kernel does not tell when there is room. */
        if (errno != EAGAIN || address->sa.sa_family != AF_UNIX)
            return -errno;
        if (patience_wait(&pause, -1, 0) == PATIENCE_INTERRUPTED)
            return -EINTR;
        if (monotonic_ns() >= patience->until_ns)
            return -ETIMEDOUT;
    }
    return met_itself(fd) ? -ECONNREFUSED : 0;
}

bool dial_is_group(int fd, const struct address *address)
{
    static const int on = 1;
    enum address_scope scope = address_scope(address);

    if (address->sa.sa_family == AF_UNIX)
        return false;
    if (scope == ADDRESS_MULTICAST)
        return true;
    /* Only the kernel knows the broadcast addresses of its networks, and refuses to connect to them unasked.
     */
    if (connect(fd, &address->sa, address->length) == 0 || errno != EACCES)
        return false;
    return setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == 0;
}
