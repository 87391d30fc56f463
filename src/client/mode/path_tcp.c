/* SPDX-License-Identifier: MIT */
#include "client/mode/path_tcp.h"

#include "base/util.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#ifndef IPV6_2292PKTOPTIONS
#define IPV6_2292PKTOPTIONS 6 /* from <linux/in6.h>, which conflicts with <netinet/in.h> */
#endif

#define TIMESTAMPS_LENGTH 12 /* bytes that timestamps take from each segment, with padding */

/* Reads a TCP setting of this kernel. PATH_UNKNOWN if it cannot be read. */
static int setting(const char *name)
{
    char path[64];
    int value = PATH_UNKNOWN;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
    file = fopen(path, "re");
    if (!file)
        return PATH_UNKNOWN;
    if (fscanf(file, "%d", &value) != 1 || value < 0)
        value = PATH_UNKNOWN;
    fclose(file);
    return value;
}

static void note_offer(struct path_leg *leg)
{
    int ecn = setting("tcp_ecn");

    leg->offered = (setting("tcp_window_scaling") > 0 ? PATH_SCALE : 0) |
                   (setting("tcp_sack") > 0 ? PATH_SACK : 0) |
                   (setting("tcp_timestamps") > 0 ? PATH_TIMESTAMPS : 0);
    leg->ecn = ecn == 1 || ecn == 3; /* 3: accurate ECN, whose requests also ask for classic ECN */
}

static int agreed_options(unsigned options)
{
    return (options & TCPI_OPT_WSCALE ? PATH_SCALE : 0) | (options & TCPI_OPT_SACK ? PATH_SACK : 0) |
           (options & TCPI_OPT_TIMESTAMPS ? PATH_TIMESTAMPS : 0);
}

static void note_connection(struct path_leg *leg, int fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    int stamps;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
        return;
    stamps = info.tcpi_options & TCPI_OPT_TIMESTAMPS ? TIMESTAMPS_LENGTH : 0;
    leg->agreed = agreed_options(info.tcpi_options);
    leg->ecn_agreed = info.tcpi_options & TCPI_OPT_ECN;
    leg->mss = (int)info.tcpi_advmss + stamps;
    leg->back_mss = (int)info.tcpi_snd_mss + stamps;
    leg->own_mtu = (int)info.tcpi_pmtu;
    leg->sends = 1 + (int)info.tcpi_total_retrans;
    if (leg->sends == 1) /* otherwise it could be measured from the first of several requests */
        leg->rtt_ns = info.tcpi_rtt * NS_PER_US;
}

/* The kernel does not have it for IPv4. */
static void note_hop_limit(struct path_leg *leg, int fd)
{
    _Alignas(struct cmsghdr) char control[256];
    struct msghdr header = {.msg_control = control};
    socklen_t length = sizeof(control);

    if (leg->peer.sa.sa_family != AF_INET6 ||
        getsockopt(fd, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, control, &length) < 0)
        return;
    header.msg_controllen = length;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        int limit;

        if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_HOPLIMIT ||
            c->cmsg_len < CMSG_LEN(sizeof(limit)))
            continue;
        memcpy(&limit, CMSG_DATA(c), sizeof(limit));
        if (limit > 0 && limit <= UINT8_MAX)
            leg->back_ttl = limit;
    }
}

/* Reads until the end of file, the deadline or a full buffer. Returns the number of bytes, or -1 with errno
 * set if none came before an error or the deadline.
 */
static ssize_t read_greeting(int fd, char *greeting, size_t size, const struct deadline *deadline)
{
    size_t length = 0;

    while (length < size && monotonic_ns() < deadline->until_ns) {
        ssize_t n = recv(fd, greeting + length, size - length, 0);

        if (n == 0)
            return (ssize_t)length;
        if (n > 0) {
            length += (size_t)n;
            continue;
        }
        if (errno != EAGAIN)
            return length > 0 ? (ssize_t)length : -1;
        deadline_wait(deadline, fd, POLLIN);
    }
    errno = ETIMEDOUT;
    return length > 0 ? (ssize_t)length : -1;
}

void path_tcp_ask(struct path_leg *leg, const struct address *peer, const struct dial_source *source,
                  const struct deadline *deadline)
{
    static char greeting[PATH_GREETING_MAX];
    ssize_t length;
    int fd;

    path_socket_begin(leg, TRANSPORT_TCP, peer);
    fd = path_socket_open(leg, source, deadline);
    if (fd < 0)
        return;
    note_offer(leg);
    note_connection(leg, fd);
    length = read_greeting(fd, greeting, sizeof(greeting), deadline);
    if (length < 0) {
        path_socket_fail(leg, fd, errno);
        return;
    }
    note_hop_limit(leg, fd);
    close(fd);
    if (length > 0) {
        leg->outcome = OUTCOME_ANSWERED;
        path_seen_parse(&leg->seen, greeting, (size_t)length);
    } else {
        snprintf(leg->error, sizeof(leg->error), "connection closed without a greeting");
    }
}
