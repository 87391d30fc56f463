/* SPDX-License-Identifier: MIT */
#include "base/proxy_header.h"

#include "base/util.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define V1_PREFIX   "PROXY "
#define V1_LINE_MAX 107
#define V1_WORD_MAX (INET6_ADDRSTRLEN - 1)
#define V2_PREFIX   16 /* bytes before the addresses */
#define V2_LOCAL    0x20
#define V2_PROXY    0x21
#define TLV_HEAD    3 /* type and length */

enum { TLV_AUTHORITY = 0x02, TLV_CRC32C = 0x03, TLV_UNIQUE_ID = 0x05 };

static const uint8_t v2_signature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                       0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* --- Version 1 --- */

/* A word up to the next space or the line's end. Returns where the next begins, NULL if there is none or it
 * is empty. */
static const char *take_word(const char *from, const char *end, char word[V1_WORD_MAX + 1])
{
    const char *space = memchr(from, ' ', (size_t)(end - from)), *stop = space ? space : end;
    size_t length = (size_t)(stop - from);

    if (length == 0 || length > V1_WORD_MAX || memchr(from, '\0', length))
        return NULL;
    memcpy(word, from, length);
    word[length] = '\0';
    return space ? space + 1 : end;
}

static bool read_port(const char *word, in_port_t *port)
{
    size_t length = strlen(word);
    unsigned long number = strtoul(word, NULL, 10);

    if (length > 5 || word[strspn(word, "0123456789")] || (word[0] == '0' && length > 1) ||
        number > UINT16_MAX)
        return false;
    *port = htons((uint16_t)number);
    return true;
}

static bool read_end(const char *host, const char *port, int family, struct peer_address *packed)
{
    struct address address = {.sa.sa_family = (sa_family_t)family};
    bool v4 = family == AF_INET;
    void *place = v4 ? (void *)&address.in.sin_addr : (void *)&address.in6.sin6_addr;

    if (inet_pton(family, host, place) != 1 ||
        !read_port(port, v4 ? &address.in.sin_port : &address.in6.sin6_port))
        return false;
    peer_pack(packed, &address);
    return true;
}

/* "192.0.2.1 198.51.100.1 40000 80" */
static bool read_ends(const char *from, const char *end, int family, struct proxy_header *header)
{
    char words[4][V1_WORD_MAX + 1];

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        from = take_word(from, end, words[i]);
        if (!from || (from == end) != (i == ARRAY_SIZE(words) - 1))
            return false;
    }
    return end[-1] != ' ' && read_end(words[0], words[2], family, &header->client) &&
           read_end(words[1], words[3], family, &header->server);
}

static bool begins(const char *line, const char *end, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(end - line) >= length && memcmp(line, word, length) == 0;
}

/* The line without its CRLF, after "PROXY ". */
static enum proxy_verdict read_line(const char *line, const char *end, struct proxy_header *header)
{
    if (begins(line, end, "UNKNOWN") && (line + 7 == end || line[7] == ' '))
        return PROXY_HEADER_WHOLE;
    header->known = (begins(line, end, "TCP4 ") && read_ends(line + 5, end, AF_INET, header)) ||
                    (begins(line, end, "TCP6 ") && read_ends(line + 5, end, AF_INET6, header));
    return header->known ? PROXY_HEADER_WHOLE : PROXY_HEADER_BAD;
}

static enum proxy_verdict read_v1(const char *bytes, size_t length, struct proxy_header *header)
{
    size_t most = length < V1_LINE_MAX ? length : V1_LINE_MAX, known = strlen(V1_PREFIX);
    const char *end = memchr(bytes, '\r', most);

    if (memcmp(bytes, V1_PREFIX, most < known ? most : known) != 0 ||
        memchr(bytes, '\n', end ? (size_t)(end - bytes) : most))
        return PROXY_HEADER_BAD;
    if (!end)
        return length < V1_LINE_MAX - 1 ? PROXY_HEADER_PART : PROXY_HEADER_BAD;
    if ((size_t)(end - bytes) + 1 == most)
        return most < V1_LINE_MAX ? PROXY_HEADER_PART : PROXY_HEADER_BAD;
    if (end[1] != '\n')
        return PROXY_HEADER_BAD;
    header->length = (size_t)(end - bytes) + 2;
    return read_line(bytes + known, end, header);
}

/* --- Version 2 --- */

static unsigned read_16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* RFC 9260 appendix A's polynomial, reflected. */
static uint32_t crc32c(uint32_t crc, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return crc;
}

/* The checksum is computed with zeros in its own place. */
static bool is_intact(const uint8_t *bytes, size_t length, const uint8_t *checksum)
{
    static const uint8_t zeroes[4];
    const uint8_t *after = checksum + sizeof(zeroes);
    uint32_t crc = crc32c(UINT32_MAX, bytes, (size_t)(checksum - bytes)), sent;

    crc = crc32c(crc, zeroes, sizeof(zeroes));
    crc = ~crc32c(crc, after, (size_t)(bytes + length - after));
    memcpy(&sent, checksum, sizeof(sent));
    return ntohl(sent) == crc;
}

/* Only one checksum is verified, so that no header takes long. If a text is given twice, the last one counts.
 * Returns false if a TLV is invalid. */
static bool read_tlv(const uint8_t *bytes, const uint8_t *tlv, size_t size, bool *is_verified,
                     struct proxy_header *header)
{
    const struct proxy_text text = {(const char *)tlv + TLV_HEAD, size};
    bool is_first = !*is_verified;

    switch (tlv[0]) {
    case TLV_CRC32C:
        *is_verified = true;
        return is_first && size == 4 && is_intact(bytes, header->length, tlv + TLV_HEAD);
    case TLV_AUTHORITY:
        header->authority = text;
        return true;
    case TLV_UNIQUE_ID:
        header->unique_id = text;
        return size <= PROXY_UNIQUE_ID_MAX;
    default:
        return true;
    }
}

static bool read_tlvs(const uint8_t *bytes, size_t from, struct proxy_header *header)
{
    bool is_verified = false;

    while (from < header->length) {
        const uint8_t *tlv = bytes + from;
        size_t room = header->length - from, size = room < TLV_HEAD ? SIZE_MAX : TLV_HEAD + read_16(tlv + 1);

        if (size > room || !read_tlv(bytes, tlv, size - TLV_HEAD, &is_verified, header))
            return false;
        from += size;
    }
    return true;
}

/* Of both ends: hosts first, then ports. */
static void pack(const uint8_t *block, int family, size_t host, size_t which, struct peer_address *packed)
{
    struct address address = {.sa.sa_family = (sa_family_t)family};
    bool v4 = family == AF_INET;

    memcpy(v4 ? (void *)&address.in.sin_addr : (void *)&address.in6.sin6_addr, block + which * host, host);
    memcpy(v4 ? &address.in.sin_port : &address.in6.sin6_port, block + 2 * host + 2 * which, 2);
    peer_pack(packed, &address);
}

static void read_block(const uint8_t *block, unsigned family, struct proxy_header *header)
{
    int af = family == 0x10 ? AF_INET : AF_INET6;
    size_t host = af == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

    pack(block, af, host, 0, &header->client);
    pack(block, af, host, 1, &header->server);
    header->known = true;
}

/* What follows the command PROXY. */
static enum proxy_verdict read_proxied(const uint8_t *bytes, struct proxy_header *header)
{
    static const size_t block_sizes[] = {0, 12, 36, 216}; /* UNSPEC, INET, INET6, UNIX */
    unsigned family = bytes[13] & 0xf0, protocol = bytes[13] & 0x0f;
    size_t block;

    if (family > 0x30 || protocol > 2)
        return PROXY_HEADER_BAD;
    if (family == 0 || protocol == 0) /* no address that is of use here */
        return PROXY_HEADER_WHOLE;
    block = block_sizes[family >> 4];
    if (header->length < V2_PREFIX + block || !read_tlvs(bytes, V2_PREFIX + block, header))
        return PROXY_HEADER_BAD;
    if (family != 0x30)
        read_block(bytes + V2_PREFIX, family, header);
    return PROXY_HEADER_WHOLE;
}

static enum proxy_verdict read_v2(const uint8_t *bytes, size_t length, struct proxy_header *header)
{
    size_t most = length < sizeof(v2_signature) ? length : sizeof(v2_signature);

    if (memcmp(bytes, v2_signature, most) != 0)
        return PROXY_HEADER_BAD;
    if (length > 12 && bytes[12] != V2_LOCAL && bytes[12] != V2_PROXY)
        return PROXY_HEADER_BAD;
    if (length < V2_PREFIX)
        return PROXY_HEADER_PART;
    header->length = V2_PREFIX + read_16(bytes + 14);
    if (header->length > PROXY_HEADER_MAX)
        return PROXY_HEADER_BAD;
    if (length < header->length)
        return PROXY_HEADER_PART;
    header->local = bytes[12] == V2_LOCAL;
    return header->local ? PROXY_HEADER_WHOLE : read_proxied(bytes, header);
}

enum proxy_verdict proxy_header_read(const void *bytes, size_t length, struct proxy_header *header)
{
    memset(header, 0, sizeof(*header));
    if (length == 0)
        return PROXY_HEADER_PART;
    return *(const uint8_t *)bytes == v2_signature[0] ? read_v2(bytes, length, header)
                                                      : read_v1(bytes, length, header);
}

enum proxy_verdict proxy_header_read_datagram(const void *bytes, size_t length, struct proxy_header *header)
{
    memset(header, 0, sizeof(*header));
    return read_v2(bytes, length, header) == PROXY_HEADER_WHOLE ? PROXY_HEADER_WHOLE : PROXY_HEADER_BAD;
}
