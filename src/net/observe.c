/* SPDX-License-Identifier: MIT */
#include "net/observe.h"

#include "base/util.h"
#include "net/option.h"
#include "service/service.h"

#include <linux/tcp.h> /* whose tcp_info is longer than that of <netinet/tcp.h> */
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11 /* <linux/in6.h>, which conflicts with <netinet/in.h> */
#endif

#define IPV4_LENGTH 20
#define IPV6_LENGTH 40
#define TCP_LENGTH  20
#define TCP_ECE     0x40
#define TCP_CWR     0x80

/* Kinds of TCP options (IANA registry). */
enum kind { END = 0, NOP = 1, MSS = 2, SCALE = 3, SACK = 4, TIMESTAMPS = 8, FAST_OPEN = 34 };

static uint16_t two_bytes(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void see_limit(struct seen *seen, unsigned limit)
{
    seen->what |= SEEN_TTL;
    seen->ttl = (uint8_t)limit;
}

static void see_marks(struct seen *seen, unsigned class)
{
    seen->dscp = (uint8_t)(class >> 2 & 63);
    seen->ecn = class & 3;
}

/* Returns the length of the header; 0 if it is truncated, or not directly before the TCP header. */
static size_t see_ipv4(struct seen *seen, const uint8_t *packet, size_t length)
{
    size_t header = (size_t)(packet[0] & 15) * 4;

    if (length < IPV4_LENGTH || header < IPV4_LENGTH || header > length)
        return 0;
    see_limit(seen, packet[8]);
    see_marks(seen, packet[1]);
    seen->to = (struct peer_address){.family = AF_INET};
    memcpy(seen->to.ip, packet + 16, sizeof(struct in_addr));
    return header;
}

static size_t see_ipv6(struct seen *seen, const uint8_t *packet, size_t length)
{
    if (length < IPV6_LENGTH)
        return 0;
    see_limit(seen, packet[7]);
    see_marks(seen, (unsigned)(packet[0] & 15) << 4 | packet[1] >> 4);
    seen->what |= SEEN_FLOW;
    seen->flow_label = (uint32_t)(packet[1] & 15) << 16 | two_bytes(packet + 2);
    seen->to = (struct peer_address){.family = AF_INET6};
    memcpy(seen->to.ip, packet + 24, sizeof(struct in6_addr));
    return packet[6] == IPPROTO_TCP ? IPV6_LENGTH : 0;
}

static size_t see_ip(struct seen *seen, const uint8_t *packet, size_t length)
{
    switch (length ? packet[0] >> 4 : 0) {
    case 4:
        return see_ipv4(seen, packet, length);
    case 6:
        return see_ipv6(seen, packet, length);
    default:
        return 0;
    }
}

static char letter_of(uint8_t kind)
{
    switch (kind) {
    case NOP:
        return 'N';
    case MSS:
        return 'M';
    case SCALE:
        return 'W';
    case SACK:
        return 'S';
    case TIMESTAMPS:
        return 'T';
    case FAST_OPEN:
        return 'F';
    default:
        return '?';
    }
}

static void see_option(struct seen *seen, const uint8_t *option, size_t length)
{
    if (option[0] == MSS && length == 4) {
        seen->what |= SEEN_MSS;
        seen->mss = two_bytes(option + 2);
    } else if (option[0] == SCALE && length == 3) {
        seen->what |= SEEN_SCALE;
        seen->window_scale = option[2];
    }
}

/* Stops at an option with an invalid length. */
static void see_options(struct seen *seen, const uint8_t *at, size_t left)
{
    char *letter = seen->options;

    while (left > 0 && *at != END) {
        size_t length = *at == NOP ? 1 : left > 1 ? at[1] : 0;

        if (length == 0 || length > left || (*at != NOP && length < 2))
            break;
        *letter++ = letter_of(*at);
        see_option(seen, at, length);
        at += length;
        left -= length;
    }
    *letter = '\0';
}

static void see_tcp(struct seen *seen, const uint8_t *header, size_t length)
{
    size_t offset = length < TCP_LENGTH ? 0 : (size_t)(header[12] >> 4) * 4;

    if (offset < TCP_LENGTH || offset > length)
        return;
    seen->what |= SEEN_SYN;
    seen->to.port = two_bytes(header + 2);
    seen->asks_ecn = (header[13] & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
    see_options(seen, header + TCP_LENGTH, offset - TCP_LENGTH);
}

void observe_syn(const uint8_t *packet, size_t length, struct seen *seen)
{
    size_t header = see_ip(seen, packet, length);

    if (header)
        see_tcp(seen, packet + header, length - header);
}

/* By transport and need. A datagram always comes with its interface (see socket.c), and the socket of an IPv6
 * client has it without a socket option. */
static const struct kept {
    enum transport transport;
    enum plan_need need;
    int level, option;
} all_kept[] = {{TRANSPORT_TCP, PLAN_PACKET, IPPROTO_TCP, TCP_SAVE_SYN},
                {TRANSPORT_TCP, PLAN_INTERFACE, IPPROTO_IP, IP_PKTINFO},
                {TRANSPORT_UDP, PLAN_PACKET, IPPROTO_IP, IP_RECVTTL}, /* also of mapped clients */
                {TRANSPORT_UDP, PLAN_PACKET, IPPROTO_IP, IP_RECVTOS},
                {TRANSPORT_UDP, PLAN_PACKET, IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
                {TRANSPORT_UDP, PLAN_PACKET, IPPROTO_IPV6, IPV6_RECVTCLASS},
                {TRANSPORT_UDP, PLAN_PACKET, IPPROTO_IPV6, IPV6_FLOWINFO},
                {TRANSPORT_UDP, PLAN_STAMP, SOL_SOCKET, SO_TIMESTAMPNS}};

void observe_prepare(int fd, enum transport transport, unsigned needs, bool keep)
{
    for (const struct kept *kept = all_kept; kept < all_kept + ARRAY_SIZE(all_kept); kept++)
        if (kept->transport == transport && (kept->need & needs))
            option_set(fd, kept->level, kept->option, keep);
}

unsigned observe_prepared(int fd, enum transport transport)
{
    unsigned needs = 0;

    for (const struct kept *kept = all_kept; kept < all_kept + ARRAY_SIZE(all_kept); kept++) {
        int value = 0;

        if (kept->transport == transport && option_get(fd, kept->level, kept->option, &value) && value)
            needs |= kept->need;
    }
    return needs;
}

static void see_saved_syn(int fd, struct seen *seen)
{
    uint8_t packet[OBSERVE_SYN_MAX] __attribute__((uninitialized));
    socklen_t length = sizeof(packet);

    if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, packet, &length) == 0)
        observe_syn(packet, length, seen);
}

#define INFO_LENGTH offsetof(struct tcp_info, tcpi_segs_out) /* the first member that is not read */

/* The client's end of file counts as a byte. */
static void see_connection(int fd, struct seen *seen)
{
    struct tcp_info info __attribute__((uninitialized));
    socklen_t length = INFO_LENGTH;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || length < INFO_LENGTH)
        return;
    if (!info.tcpi_bytes_received)
        seen->what |= SEEN_SILENCE;
    if (info.tcpi_rtt) {
        seen->what |= SEEN_RTT;
        seen->rtt_us = info.tcpi_rtt;
    }
    if (info.tcpi_pmtu) {
        seen->what |= SEEN_MTU;
        seen->path_mtu = info.tcpi_pmtu;
    }
}

/* The multicast interface of a new connection's socket is the one that it came in on. */
static unsigned interface_of_ipv6(int fd)
{
    int index = 0;

    return option_get(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index) && index > 0 ? (unsigned)index : 0;
}

/* IP_PKTOPTIONS returns the control messages that a datagram would have. */
static unsigned interface_of_ipv4(int fd)
{
    _Alignas(struct cmsghdr) char control[2 * CMSG_SPACE(sizeof(struct in_pktinfo))]
        __attribute__((uninitialized));
    struct msghdr header = {.msg_control = control};
    socklen_t length = sizeof(control);
    struct in_pktinfo info;

    if (getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, control, &length) < 0)
        return 0;
    header.msg_controllen = length;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO || c->cmsg_len < CMSG_LEN(sizeof(info)))
            continue;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        return (unsigned)info.ipi_ifindex;
    }
    return 0;
}

void observe_stream(int fd, bool is_ipv6, unsigned needs, struct seen *seen)
{
    seen_begin(seen);
    if (needs & PLAN_PACKET)
        see_saved_syn(fd, seen);
    if (needs & PLAN_CONNECTION)
        see_connection(fd, seen);
    if (needs & PLAN_INTERFACE)
        seen->interface = is_ipv6 ? interface_of_ipv6(fd) : interface_of_ipv4(fd);
}

uint32_t observe_unread(int fd)
{
    int count = 0;

    return ioctl(fd, FIONREAD, &count) == 0 && count > 0 ? (uint32_t)count : 0;
}

/* The kernel passes a byte or an int. */
static unsigned number_in(const struct cmsghdr *message)
{
    int number = 0;

    if (message->cmsg_len >= CMSG_LEN(sizeof(number)))
        memcpy(&number, CMSG_DATA(message), sizeof(number));
    else if (message->cmsg_len > CMSG_LEN(0))
        number = *CMSG_DATA(message);
    return (unsigned)number;
}

static void see_ipv4_message(const struct cmsghdr *message, struct seen *seen)
{
    if (message->cmsg_type == IP_TTL)
        see_limit(seen, number_in(message));
    else if (message->cmsg_type == IP_TOS)
        see_marks(seen, number_in(message));
}

static void see_ipv6_message(const struct cmsghdr *message, struct seen *seen)
{
    if (message->cmsg_type == IPV6_HOPLIMIT) {
        see_limit(seen, number_in(message));
    } else if (message->cmsg_type == IPV6_TCLASS) {
        see_marks(seen, number_in(message));
    } else if (message->cmsg_type == IPV6_FLOWINFO) {
        seen->what |= SEEN_FLOW;
        seen->flow_label = ntohl(number_in(message)) & 0xfffff;
    }
}

static void see_stamp(const struct cmsghdr *message, struct seen *seen)
{
    struct timespec stamp;

    if (message->cmsg_type != SCM_TIMESTAMPNS || message->cmsg_len < CMSG_LEN(sizeof(stamp)))
        return;
    memcpy(&stamp, CMSG_DATA(message), sizeof(stamp));
    seen->what |= SEEN_STAMP;
    seen->stamp = (int64_t)stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
}

void observe_control(const struct cmsghdr *message, struct seen *seen)
{
    if (message->cmsg_level == IPPROTO_IP)
        see_ipv4_message(message, seen);
    else if (message->cmsg_level == IPPROTO_IPV6)
        see_ipv6_message(message, seen);
    else if (message->cmsg_level == SOL_SOCKET)
        see_stamp(message, seen);
}
