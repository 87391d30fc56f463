/* SPDX-License-Identifier: MIT */
#include "client/mode/path_socket.h"

#include "base/util.h"

void path_socket_begin(struct path_leg *leg, enum transport transport, const struct address *peer)
{
    *leg = (struct path_leg){.transport = transport, .peer = *peer, .started_ns = monotonic_ns()};
    leg->outcome = OUTCOME_OTHER;
    leg->connect_ns = PATH_UNKNOWN;
    leg->ttl = leg->dscp = leg->ecn = leg->mss = PATH_UNKNOWN;
    leg->back_ttl = leg->back_dscp = leg->back_mss = leg->own_mtu = PATH_UNKNOWN;
    leg->rtt_ns = PATH_UNKNOWN;
    path_seen_parse(&leg->seen, "", 0);
}

int path_socket_fail(struct path_leg *leg, int fd, int error)
{
    struct errors_attempt attempt = {.transport = leg->transport,
                                     .error = error,
                                     .connected = leg->connect_ns >= 0,
                                     .connect_ns = leg->connect_ns,
                                     .total_ns = monotonic_ns() - leg->started_ns};

    leg->outcome = outcome_of_errno(error);
    errors_attempt(leg->error, sizeof(leg->error), &attempt);
    close_fd(&fd);
    return -1;
}

/* For errors of this machine. */
static int fail_local(struct path_leg *leg, int fd, int error, const struct dial_source *source)
{
    leg->outcome = OUTCOME_LOCAL;
    errors_dial(leg->error, sizeof(leg->error), source, error);
    close_fd(&fd);
    return -1;
}

/* A socket option that is a number; PATH_UNKNOWN if it is not available. */
static int get(int fd, int level, int option)
{
    int value = 0;
    socklen_t length = sizeof(value);

    return getsockopt(fd, level, option, &value, &length) == 0 ? value : PATH_UNKNOWN;
}

static void note_marks(struct path_leg *leg, int fd)
{
    bool is_ipv6 = leg->peer.sa.sa_family == AF_INET6;
    int class = is_ipv6 ? get(fd, IPPROTO_IPV6, IPV6_TCLASS) : get(fd, IPPROTO_IP, IP_TOS);

    leg->ttl = is_ipv6 ? get(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS) : get(fd, IPPROTO_IP, IP_TTL);
    if (class == PATH_UNKNOWN)
        return;
    leg->dscp = class >> 2;
    leg->ecn = class & 3;
}

static bool note_local(struct path_leg *leg, int fd)
{
    leg->local.length = sizeof(leg->local.un);
    return getsockname(fd, &leg->local.sa, &leg->local.length) == 0;
}

int path_socket_open(struct path_leg *leg, const struct dial_source *source, const struct deadline *deadline)
{
    int error, fd = dial_socket(&leg->peer, leg->transport, source);

    if (fd == -EAFNOSUPPORT)
        return path_socket_fail(leg, -1, EAFNOSUPPORT);
    if (fd < 0)
        return fail_local(leg, -1, -fd, source);
    if (leg->transport == TRANSPORT_TCP && leg->peer.sa.sa_family == AF_INET6)
        dial_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1); /* before the SYN-ACK arrives */
    error = dial_connect(fd, &leg->peer, deadline);
    if (error == EADDRNOTAVAIL)
        return fail_local(leg, fd, error, source);
    if (error)
        return path_socket_fail(leg, fd, error);
    leg->connect_ns = monotonic_ns() - leg->started_ns;
    note_marks(leg, fd);
    return note_local(leg, fd) ? fd : path_socket_fail(leg, fd, errno);
}
