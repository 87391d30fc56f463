/* SPDX-License-Identifier: MIT */
#include "base/prefix.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED_BITS 96 /* of ::ffff:0:0/96, RFC 4291 2.5.5.2 */

static unsigned longest(const struct prefix *prefix)
{
    return prefix->family == AF_INET ? 32 : 128;
}

static bool parse_address(const char *text, size_t length, struct prefix *prefix)
{
    char address[INET6_ADDRSTRLEN];

    if (length >= sizeof(address))
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    prefix->family = memchr(address, ':', length) ? AF_INET6 : AF_INET;
    prefix->length = (uint8_t)longest(prefix);
    return inet_pton(prefix->family, address, prefix->ip) == 1;
}

static bool parse_length(const char *text, struct prefix *prefix)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long length = strtoul(text, NULL, 10);

    if (digits == 0 || digits > 3 || text[digits] || (*text == '0' && digits > 1) || length > prefix->length)
        return false;
    prefix->length = (uint8_t)length;
    return true;
}

static void unmap(struct prefix *prefix)
{
    static const uint8_t mapped[MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};

    if (prefix->family != AF_INET6 || prefix->length < MAPPED_BITS ||
        memcmp(prefix->ip, mapped, sizeof(mapped)) != 0)
        return;
    prefix->family = AF_INET;
    prefix->length -= MAPPED_BITS;
    memmove(prefix->ip, prefix->ip + sizeof(mapped), sizeof(struct in_addr));
    memset(prefix->ip + sizeof(struct in_addr), 0, sizeof(prefix->ip) - sizeof(struct in_addr));
}

/* The network that the address is in. */
static struct prefix network_of(const struct prefix *prefix)
{
    struct prefix network = *prefix;

    for (unsigned bit = prefix->length; bit < longest(prefix); bit++)
        network.ip[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    return network;
}

static int refuse_host_bits(const struct prefix *prefix, struct message *error)
{
    struct prefix network = network_of(prefix), host = *prefix;
    char network_text[PREFIX_TEXT_MAX], host_text[PREFIX_TEXT_MAX];

    host.length = (uint8_t)longest(prefix);
    return message_set(error, "has host bits set; allowed: \"%s\" for the network, \"%s\" for the address",
                       prefix_text(&network, network_text), prefix_text(&host, host_text));
}

int prefix_parse(const char *text, struct prefix *prefix, struct message *error)
{
    const char *slash = strchr(text, '/');
    struct prefix parsed = {0};

    if (!parse_address(text, slash ? (size_t)(slash - text) : strlen(text), &parsed))
        return message_set(error, "is not an IP address or network; allowed: for example \"192.0.2.1\", "
                                  "\"192.0.2.0/24\", \"2001:db8::/32\"");
    if (slash && !parse_length(slash + 1, &parsed))
        return message_set(error, "has a wrong prefix length; allowed: /0 to /%u", longest(&parsed));
    unmap(&parsed);
    *prefix = network_of(&parsed);
    return prefix_compare(prefix, &parsed) == 0 ? 0 : refuse_host_bits(&parsed, error);
}

const char *prefix_text(const struct prefix *prefix, char text[PREFIX_TEXT_MAX])
{
    char address[INET6_ADDRSTRLEN];

    inet_ntop(prefix->family, prefix->ip, address, sizeof(address));
    if (prefix->length == longest(prefix))
        snprintf(text, PREFIX_TEXT_MAX, "%s", address);
    else
        snprintf(text, PREFIX_TEXT_MAX, "%s/%u", address, prefix->length);
    return text;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
    int order = a->family - b->family;

    if (order == 0)
        order = memcmp(a->ip, b->ip, sizeof(a->ip));
    return order ? order : a->length - b->length;
}
