/* SPDX-License-Identifier: MIT */
#include "client/mode/path_udp.h"

#include "base/util.h"

#include <poll.h>
#include <string.h>

#define ATTEMPTS 3

static void ask_for_marks(int fd, int family)
{
    if (family == AF_INET6) {
        dial_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        dial_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    } else {
        dial_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
        dial_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    }
}

/* IP_TOS comes as one byte, all others as an int. */
static int value_of(struct cmsghdr *c)
{
    int value = PATH_UNKNOWN;

    if (c->cmsg_len == CMSG_LEN(sizeof(uint8_t)))
        return *CMSG_DATA(c);
    if (c->cmsg_len >= CMSG_LEN(sizeof(value)))
        memcpy(&value, CMSG_DATA(c), sizeof(value));
    return value;
}

static bool is_option(const struct cmsghdr *c, int option_of_ipv4, int option_of_ipv6)
{
    return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == option_of_ipv4) ||
           (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == option_of_ipv6);
}

static void note_marks_of_answer(struct path_leg *leg, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (is_option(c, IP_TTL, IPV6_HOPLIMIT))
            leg->back_ttl = value_of(c);
        else if (is_option(c, IP_TOS, IPV6_TCLASS))
            leg->back_dscp = value_of(c) >> 2;
    }
}

static int receive(struct path_leg *leg, int fd, int64_t sent_ns)
{
    static char answer[65536];
    _Alignas(struct cmsghdr) char control[128];
    struct iovec part = {.iov_base = answer, .iov_len = sizeof(answer)};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &message, 0);

    if (n < 0)
        return errno;
    leg->rtt_ns = monotonic_ns() - sent_ns;
    leg->outcome = OUTCOME_ANSWERED;
    note_marks_of_answer(leg, &message);
    path_seen_parse(&leg->seen, answer, (size_t)n);
    return 0;
}

/* Errors left in the queue would end every wait. */
static void drop_errors(int fd)
{
    struct msghdr nothing = {0};

    while (recvmsg(fd, &nothing, MSG_ERRQUEUE) >= 0)
        nothing = (struct msghdr){0};
}

static int send_and_receive(struct path_leg *leg, int fd, const struct deadline *share)
{
    static const char zeros[65536];
    int64_t sent_ns = monotonic_ns();
    int error = EAGAIN;

    if (send(fd, zeros, (size_t)leg->request_size, 0) < 0)
        return errno;
    while (error == EAGAIN) {
        if (monotonic_ns() >= share->until_ns || deadline_wait(share, fd, POLLIN) != DEADLINE_READY)
            return ETIMEDOUT;
        error = receive(leg, fd, sent_ns);
        if (error)
            drop_errors(fd);
    }
    return error;
}

/* It is not known which request a later answer is for, so only the first request is timed. */
static int ask_again(struct path_leg *leg, int fd, const struct deadline *deadline)
{
    int error = ETIMEDOUT;

    for (int left = ATTEMPTS; left > 0 && error == ETIMEDOUT; left--) {
        struct deadline share = deadline_at_most(deadline, (deadline->until_ns - monotonic_ns()) / left);

        leg->sends++;
        error = send_and_receive(leg, fd, &share);
        if (error == EMSGSIZE) /* the kernel has just learnt the path's MTU, and now sends fragments */
            error = send_and_receive(leg, fd, &share);
        if (left < ATTEMPTS)
            leg->rtt_ns = PATH_UNKNOWN;
    }
    return error;
}

void path_udp_ask(struct path_leg *leg, const struct address *peer, size_t size,
                  const struct dial_source *source, const struct deadline *deadline)
{
    int fd, error;

    path_socket_begin(leg, TRANSPORT_UDP, peer);
    leg->request_size = (int)size;
    fd = path_socket_open(leg, source, deadline);
    if (fd < 0)
        return;
    ask_for_marks(fd, peer->sa.sa_family);
    error = ask_again(leg, fd, deadline);
    if (error)
        path_socket_fail(leg, fd, error);
    else
        close(fd);
}
