/* SPDX-License-Identifier: MIT */
#include "client/ask/broadcast.h"

#include "base/util.h"

#include <string.h>

#define BATCH         256   /* datagrams read from a socket in a row */
#define GREETING_SIZE 65536 /* more than any datagram */

/* Errors are turned off: the error of one host would hide the answer of another. */
static bool prepare(int fd, enum broadcast_family family)
{
    if (family == BROADCAST_IPV6)
        return dial_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 0) && dial_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    return dial_set(fd, IPPROTO_IP, IP_RECVERR, 0) && dial_set(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
           dial_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
}

static enum broadcast_family family_of(const struct place *place)
{
    return place->address.sa.sa_family == AF_INET6 ? BROADCAST_IPV6 : BROADCAST_IPV4;
}

/* The socket for the family of a place, or -errno. */
static int socket_for(struct broadcast *broadcast, const struct place *place,
                      const struct dial_source *source)
{
    int *fd = &broadcast->fds[family_of(place)];
    int made, error;

    if (*fd >= 0)
        return *fd;
    made = dial_socket(&place->address, TRANSPORT_UDP, source);
    if (made < 0 || prepare(made, family_of(place))) {
        *fd = made < 0 ? -1 : made;
        return made;
    }
    error = -errno;
    close_fd(&made);
    return error;
}

static int send_to(int fd, const struct place *place, const struct broadcast_request *request)
{
    static const char pad[BROADCAST_PAD_MAX];
    struct address to = place->address;
    struct in_pktinfo info = {.ipi_ifindex = (int)place->interface,
                              .ipi_spec_dst = request->source->address.in.sin_addr};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(info))];
    } control = {
        .header = {.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))}};
    struct iovec bytes = {.iov_base = (void *)(uintptr_t)pad, .iov_len = request->pad};
    struct msghdr message = {
        .msg_name = &to.sa, .msg_namelen = to.length, .msg_iov = &bytes, .msg_iovlen = 1};

    if (family_of(place) == BROADCAST_IPV4) {
        memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
    }
    return sendmsg(fd, &message, 0) < 0 ? -errno : 0;
}

bool broadcast_send(struct broadcast *broadcast, const struct broadcast_request *request)
{
    bool sent = false;

    broadcast->sent_ns = monotonic_ns();
    for (size_t i = 0; i < request->places->count; i++) {
        const struct place *place = &request->places->list[i];
        int result = socket_for(broadcast, place, request->source);

        if (result >= 0)
            result = send_to(result, place, request);
        broadcast->port = address_port(&place->address);
        sent = sent || result == 0;
        request->reported(request->context, place, -result);
    }
    return sent;
}

nfds_t broadcast_polled(const struct broadcast *broadcast, struct pollfd *polled)
{
    nfds_t count = 0;

    for (size_t i = 0; i < BROADCAST_FAMILIES; i++)
        if (broadcast->fds[i] >= 0)
            polled[count++] = (struct pollfd){.fd = broadcast->fds[i], .events = POLLIN};
    return count;
}

static unsigned interface_of(struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        struct in_pktinfo info4;
        struct in6_pktinfo info6;

        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            memcpy(&info4, CMSG_DATA(header), sizeof(info4));
            return (unsigned)info4.ipi_ifindex;
        }
        if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            memcpy(&info6, CMSG_DATA(header), sizeof(info6));
            return info6.ipi6_ifindex;
        }
    }
    return 0;
}

/* A server answers from the port to which the request was sent. */
static bool is_answer(const struct broadcast *broadcast, const struct address *from)
{
    enum address_scope scope = address_scope(from);

    return address_port(from) == broadcast->port && scope != ADDRESS_MULTICAST &&
           scope != ADDRESS_BROADCAST && scope != ADDRESS_UNSPECIFIED;
}

/* Reads a datagram. Returns 1 if there was one, 0 if there was none, -1 if out of memory. */
static int receive(const struct broadcast *broadcast, int fd, struct greeters *greeters)
{
    static char greeting[GREETING_SIZE];
    struct greeter greeter = {.address = {.length = sizeof(greeter.address.un)}};
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } control;
    struct iovec bytes = {.iov_base = greeting, .iov_len = sizeof(greeting)};
    struct msghdr message = {.msg_name = &greeter.address.sa,
                             .msg_namelen = greeter.address.length,
                             .msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

    if (length < 0)
        return 0;
    greeter.address.length = message.msg_namelen;
    greeter.ns = monotonic_ns() - broadcast->sent_ns;
    greeter.interface = interface_of(&message);
    if (!is_answer(broadcast, &greeter.address))
        return 1;
    identity_read(&greeter.identity, greeting, (size_t)length);
    return greeters_add(greeters, &greeter) ? 1 : -1;
}

bool broadcast_receive(const struct broadcast *broadcast, struct greeters *greeters)
{
    for (size_t i = 0; i < BROADCAST_FAMILIES; i++) {
        int result = broadcast->fds[i] >= 0;

        for (unsigned taken = 0; result > 0 && taken < BATCH; taken++)
            result = receive(broadcast, broadcast->fds[i], greeters);
        if (result < 0)
            return false;
    }
    return true;
}

void broadcast_close(struct broadcast *broadcast)
{
    for (size_t i = 0; i < BROADCAST_FAMILIES; i++)
        close_fd(&broadcast->fds[i]);
}
