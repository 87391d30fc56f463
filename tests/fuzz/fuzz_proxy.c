/* SPDX-License-Identifier: MIT */
/* The header of the PROXY protocol. Wherever it is cut it is a part, whatever follows it changes nothing, and
 * a datagram has the same. */
#include "base/proxy_header.h"
#include "fuzz.h"

static bool is_same_address(const struct peer_address *a, const struct peer_address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void check_text(const struct proxy_text *text, const char *header, size_t length)
{
    FUZZ_CHECK(text->length == 0 || (text->bytes >= header && text->bytes + text->length <= header + length));
}

static bool is_same(const struct proxy_header *a, const struct proxy_header *b)
{
    return a->length == b->length && a->local == b->local && a->known == b->known &&
           is_same_address(&a->client, &b->client) && is_same_address(&a->server, &b->server) &&
           a->authority.length == b->authority.length && a->unique_id.length == b->unique_id.length;
}

static bool is_ip(const struct peer_address *address)
{
    return address->family == AF_INET || address->family == AF_INET6;
}

/* Bytes that are cut off lie behind the end of what was allocated, so that a sanitizer sees them read. */
static enum proxy_verdict read_copy(const void *bytes, size_t length, struct proxy_header *header)
{
    void *copy = malloc(length);
    enum proxy_verdict verdict;

    FUZZ_CHECK(copy || length == 0);
    if (length)
        memcpy(copy, bytes, length);
    verdict = proxy_header_read(copy, length, header);
    if (verdict == PROXY_HEADER_WHOLE) {
        check_text(&header->authority, copy, header->length);
        check_text(&header->unique_id, copy, header->length);
        FUZZ_CHECK(header->unique_id.length <= PROXY_UNIQUE_ID_MAX);
    }
    free(copy);
    return verdict;
}

static void check_parts(const uint8_t *data, size_t length)
{
    size_t step = 1 + length / 64;
    struct proxy_header header;

    for (size_t i = 0; i < length; i += step)
        FUZZ_CHECK(read_copy(data, i, &header) == PROXY_HEADER_PART);
    FUZZ_CHECK(read_copy(data, length - 1, &header) == PROXY_HEADER_PART);
}

static void check_whole(const uint8_t *data, size_t size, const struct proxy_header *header)
{
    struct proxy_header alone;

    FUZZ_CHECK(header->length > 0 && header->length <= size && header->length <= PROXY_HEADER_MAX);
    FUZZ_CHECK(!header->known || (is_ip(&header->client) && is_ip(&header->server) && !header->local));
    FUZZ_CHECK(read_copy(data, header->length, &alone) == PROXY_HEADER_WHOLE && is_same(&alone, header));
    check_parts(data, header->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header header, of_datagram;
    enum proxy_verdict verdict = read_copy(data, size, &header);
    bool is_text = size > 0 && data[0] == 'P';

    if (verdict == PROXY_HEADER_WHOLE)
        check_whole(data, size, &header);
    FUZZ_CHECK(verdict != PROXY_HEADER_PART || size < PROXY_HEADER_MAX);
    if (proxy_header_read_datagram(data, size, &of_datagram) == PROXY_HEADER_WHOLE)
        FUZZ_CHECK(verdict == PROXY_HEADER_WHOLE && is_same(&header, &of_datagram));
    else
        FUZZ_CHECK(verdict != PROXY_HEADER_WHOLE || is_text);
    return 0;
}
