/* SPDX-License-Identifier: MIT */
#include "client/ask/proxy_writer.h"

#include "base/endpoint.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define V2_PROXY 0x21 /* version 2, command PROXY */

static int parse_address(struct address *address, const char *text, size_t length, struct message *error)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    struct endpoint endpoint;
    struct message why;
    char copy[ADDRESS_TEXT_MAX];

    snprintf(copy, sizeof(copy), "%.*s", (int)length, text);
    if (endpoint_parse(copy, &endpoint, &why) < 0 || endpoint.transport_given || !endpoint.port_given ||
        getaddrinfo(endpoint.host, endpoint.port, &hints, &found) != 0)
        return message_set(error, "--proxy: '%s' is not an address; allowed: ADDRESS:PORT", copy);
    address_set(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

int proxy_writer_parse(struct proxy_writer *writer, const char *text, struct message *error)
{
    const char *source = strchr(text, ',');
    const char *destination = source ? strchr(source + 1, ',') : NULL;

    *writer = (struct proxy_writer){0};
    if (strncmp(text, "v1", 2) == 0 || strncmp(text, "v2", 2) == 0)
        writer->version = (unsigned)(text[1] - '0');
    if (writer->version == 0 || (text[2] && text[2] != ',') || (source && !destination))
        return message_set(
            error,
            "--proxy: '%s' is not a header; allowed: v1 or v2, alone or with ,SOURCE:PORT,DESTINATION:PORT",
            text);
    if (!source)
        return 0;
    writer->is_given = true;
    if (parse_address(&writer->source, source + 1, (size_t)(destination - source - 1), error) < 0 ||
        parse_address(&writer->destination, destination + 1, strlen(destination + 1), error) < 0)
        return -1;
    if (writer->source.sa.sa_family != writer->destination.sa.sa_family)
        return message_set(error, "--proxy: source and destination must both be IPv4, or both IPv6");
    return 0;
}

static size_t write_v1(char *header, const struct address *source, const struct address *destination)
{
    char from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX];
    int length;

    if (source->sa.sa_family == AF_UNIX)
        return (size_t)snprintf(header, PROXY_WRITER_MAX, "PROXY UNKNOWN\r\n");
    address_host(source, from, sizeof(from));
    address_host(destination, to, sizeof(to));
    from[strcspn(from, "%")] = to[strcspn(to, "%")] = '\0'; /* interfaces have other names elsewhere */
    length = snprintf(header, PROXY_WRITER_MAX, "PROXY %s %s %s %u %u\r\n",
                      source->sa.sa_family == AF_INET6 ? "TCP6" : "TCP4", from, to, address_port(source),
                      address_port(destination));
    return length < PROXY_WRITER_MAX ? (size_t)length : 0;
}

static size_t append(char *header, size_t length, const void *bytes, size_t count)
{
    memcpy(header + length, bytes, count);
    return length + count;
}

static size_t write_addresses(char *header, size_t length, const struct address *source,
                              const struct address *destination)
{
    if (source->sa.sa_family == AF_INET) {
        length = append(header, length, &source->in.sin_addr, 4);
        length = append(header, length, &destination->in.sin_addr, 4);
    } else {
        length = append(header, length, &source->in6.sin6_addr, 16);
        length = append(header, length, &destination->in6.sin6_addr, 16);
    }
    length = append(header, length, &(uint16_t){htons((uint16_t)address_port(source))}, 2);
    return append(header, length, &(uint16_t){htons((uint16_t)address_port(destination))}, 2);
}

static size_t write_v2(char *header, int type, const struct address *source,
                       const struct address *destination)
{
    static const char signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                       0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    bool is_ip = source->sa.sa_family != AF_UNIX;
    bool is_ipv6 = source->sa.sa_family == AF_INET6;
    int protocol = is_ip ? (is_ipv6 ? 0x20 : 0x10) | (type == SOCK_DGRAM ? 2 : 1) : 0;
    uint16_t size = is_ip ? (is_ipv6 ? 36 : 12) : 0;
    size_t length = append(header, 0, signature, sizeof(signature));

    header[length++] = V2_PROXY;
    header[length++] = (char)protocol;
    length = append(header, length, &(uint16_t){htons(size)}, 2);
    return is_ip ? write_addresses(header, length, source, destination) : length;
}

size_t proxy_writer_write(const struct proxy_writer *writer, int type, const struct address *local,
                          const struct address *peer, char header[PROXY_WRITER_MAX])
{
    struct address source = writer->is_given ? writer->source : *local;
    struct address destination = writer->is_given ? writer->destination : *peer;

    address_unmap(&source);
    address_unmap(&destination);
    if (writer->version == 0)
        return 0;
    return writer->version == 1 ? write_v1(header, &source, &destination)
                                : write_v2(header, type, &source, &destination);
}
