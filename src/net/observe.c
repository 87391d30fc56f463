/* SPDX-License-Identifier: MIT */
#include "net/observe.h"

#include <string.h>

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

static void see_class(struct seen *seen, unsigned class, uint8_t ttl)
{
    seen->what |= SEEN_TTL;
    seen->ttl = ttl;
    seen->dscp = (uint8_t)(class >> 2);
    seen->ecn = class & 3;
}

/* Returns the length of the header; 0 if it is cut. */
static size_t see_ipv4(struct seen *seen, const uint8_t *packet, size_t length)
{
    size_t header = (size_t)(packet[0] & 15) * 4;

    if (length < IPV4_LENGTH || header < IPV4_LENGTH || header > length)
        return 0;
    see_class(seen, packet[1], packet[8]);
    return header;
}

static size_t see_ipv6(struct seen *seen, const uint8_t *packet, size_t length)
{
    if (length < IPV6_LENGTH)
        return 0;
    see_class(seen, (unsigned)(packet[0] & 15) << 4 | packet[1] >> 4, packet[7]);
    seen->what |= SEEN_FLOW;
    seen->flow_label = (uint32_t)(packet[1] & 15) << 16 | two_bytes(packet + 2);
    return IPV6_LENGTH;
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
