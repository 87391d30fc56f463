/* SPDX-License-Identifier: MIT */
#include "net/detach.h"

#include "base/util.h"
#include "net/option.h"

#include <linux/filter.h>

#define NO_INTERFACE 0x7ffffff0 /* an interface index that is never used */
#define NO_PORT      1          /* a loopback port that no client sends from */

static bool set_least_ttl(const struct socket *socket, int ttl)
{
    return option_set(socket->fd, IPPROTO_IP, IP_MINTTL, ttl) &&
           (!address_is_ipv6(&socket->address) ||
            option_set(socket->fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, ttl));
}

/* Drops every new connection attempt at a listening TCP socket; connections already made are not touched. */
static void refuse_new(struct socket *socket)
{
    /* A TCP segment is dropped if its SYN flag is set: the peer tries again, and finds the port closed then.
     */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

    /* Without privilege a full limit on filters (net.core.bpf_jit_limit) is EPERM. Segments that have crossed
     * a router, or left with the usual TTL, can still be refused. */
    socket->filtered = setsockopt(socket->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 ||
                       set_least_ttl(socket, 255);
}

/* The result is ignored: for an inherited socket it is unknown whether there is a filter. */
void detach_undo(struct socket *socket)
{
    if (!socket->owned || socket->transport != TRANSPORT_TCP)
        return;
    option_set(socket->fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
    set_least_ttl(socket, 0);
    socket->filtered = false;
}

static bool connect_to(int fd, const struct sockaddr *sa, socklen_t length)
{
    return connect(fd, sa, length) == 0;
}

/* The kernel gives a datagram to a connected socket only if its sender is the peer. Datagrams queued already
 * can still be read and answered. Which peer is possible depends on address, interface and families. */
static bool connect_away(int fd, const struct address *address)
{
    struct sockaddr_in ipv4 = {
        .sin_family = AF_INET, .sin_port = htons(NO_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 ipv6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(NO_PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in6 mapped = {
        .sin6_family = AF_INET6,
        .sin6_port = htons(NO_PORT),
        .sin6_addr = {{{[10] = 0xff, [11] = 0xff, [12] = IN_LOOPBACKNET, [15] = 1}}}};
    struct address own = *address;

    address_set_port(&own, NO_PORT);
    if (address_is_ipv6(address))
        return connect_to(fd, (struct sockaddr *)&ipv6, sizeof(ipv6)) ||
               connect_to(fd, (struct sockaddr *)&mapped, sizeof(mapped)) ||
               connect_to(fd, &own.sa, own.length);
    return connect_to(fd, (struct sockaddr *)&ipv4, sizeof(ipv4)) || connect_to(fd, &own.sa, own.length);
}

bool detach_is_possible(const struct socket *socket, bool privileged)
{
    return socket->owned && (socket->transport == TRANSPORT_UDP ||
                             (socket->transport == TRANSPORT_TCP && (privileged || !socket->interface)));
}

static bool take_out(const struct socket *socket)
{
    if (socket->transport == TRANSPORT_UDP)
        return connect_away(socket->fd, &socket->address);
    /* A socket bound to an interface that does not exist does not match new connections: another socket with
     * the address does, or the port is closed. Handshakes in progress and the queue are not affected. */
    return option_set(socket->fd, SOL_SOCKET, SO_BINDTOIFINDEX, NO_INTERFACE);
}

void detach_socket(struct socket *socket)
{
    if (!socket->owned)
        return;
    if (path_is(&socket->address)) {
        path_remove(&socket->address, socket->beside, &socket->file);
        socket->detached = true;
    } else if (!transport_is_unix(socket->transport)) {
        socket->detached = take_out(socket);
        if (!socket->detached && socket->transport == TRANSPORT_TCP)
            refuse_new(socket); /* the interface cannot be changed without privilege */
    }
}

static bool is_connected(const struct socket *socket)
{
    struct sockaddr_storage peer;

    return getpeername(socket->fd, (struct sockaddr *)&peer, &(socklen_t){sizeof(peer)}) == 0;
}

bool detach_was_done(const struct socket *socket)
{
    return socket->interface == NO_INTERFACE || (socket->transport == TRANSPORT_UDP && is_connected(socket));
}
