/* SPDX-License-Identifier: MIT */
#include "net/observe.h"

#include "net/option.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11 /* <linux/in6.h>, which does not go with <netinet/in.h> */
#endif

#define IPV4_LENGTH 20
#define IPV6_LENGTH 40
#define TCP_LENGTH  20
#define TCP_ECE     0x40
#define TCP_CWR     0x80

/* Kinds of TCP options, of IANA's registry. */
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

/* Returns the length of the header; 0 if it is cut, or is not the last before that of TCP. */
static size_t see_ipv4(struct seen *seen, const uint8_t *packet, size_t length)
{
    size_t header = (size_t)(packet[0] & 15) * 4;

    if (length < IPV4_LENGTH || header < IPV4_LENGTH || header > length)
        return 0;
    see_limit(seen, packet[8]);
    see_marks(seen, packet[1]);
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

/* One whose length is wrong is the last that is read. */
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
    seen->asks_ecn = (header[13] & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
    see_options(seen, header + TCP_LENGTH, offset - TCP_LENGTH);
}

void observe_syn(const uint8_t *packet, size_t length, struct seen *seen)
{
    size_t header;

    memset(seen, 0, sizeof(*seen));
    header = see_ip(seen, packet, length);
    if (header)
        see_tcp(seen, packet + header, length - header);
}

void observe_prepare(int fd, enum transport transport, bool keep)
{
    if (transport == TRANSPORT_TCP) {
        option_set(fd, IPPROTO_TCP, TCP_SAVE_SYN, keep);
    } else if (transport == TRANSPORT_UDP) {
        option_set(fd, IPPROTO_IP, IP_RECVTTL, keep); /* also for mapped clients of an IPv6 socket */
        option_set(fd, IPPROTO_IP, IP_RECVTOS, keep);
        option_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, keep);
        option_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, keep);
        option_set(fd, IPPROTO_IPV6, IPV6_FLOWINFO, keep);
    }
}

static void see_saved_syn(int fd, struct seen *seen)
{
    uint8_t packet[OBSERVE_SYN_MAX];
    socklen_t length = sizeof(packet);

    if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, packet, &length) == 0)
        observe_syn(packet, length, seen);
}

static void see_connection(int fd, struct seen *seen)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
        return;
    if (info.tcpi_rtt) {
        seen->what |= SEEN_RTT;
        seen->rtt_us = info.tcpi_rtt;
    }
    if (info.tcpi_pmtu) {
        seen->what |= SEEN_MTU;
        seen->path_mtu = info.tcpi_pmtu;
    }
}

void observe_stream(int fd, bool packet, bool connection, struct seen *seen)
{
    memset(seen, 0, sizeof(*seen));
    if (packet)
        see_saved_syn(fd, seen);
    if (connection)
        see_connection(fd, seen);
}

/* A byte or an int, as the kernel has it. */
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

void observe_control(const struct cmsghdr *message, struct seen *seen)
{
    if (message->cmsg_level == IPPROTO_IP)
        see_ipv4_message(message, seen);
    else if (message->cmsg_level == IPPROTO_IPV6)
        see_ipv6_message(message, seen);
}
