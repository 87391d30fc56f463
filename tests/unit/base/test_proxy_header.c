/* SPDX-License-Identifier: MIT */
#include "base/proxy_header.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define V2 "\r\n\r\n\0\r\nQUIT\n"

static enum proxy_verdict of_text(const char *text, struct proxy_header *header)
{
    return proxy_header_read(text, strlen(text), header);
}

/* Every beginning of it is a part; whatever follows is not looked at. */
static void whole(const char *bytes, size_t length, struct proxy_header *header)
{
    char more[PROXY_HEADER_MAX + 64];

    for (size_t i = 0; i < length; i++)
        cr_assert_eq(proxy_header_read(bytes, i, header), PROXY_HEADER_PART, "%zu of %zu", i, length);
    memcpy(more, bytes, length);
    memcpy(more + length, "PROXY TCP4 x\n", 13);
    cr_assert_eq(proxy_header_read(more, length + 13, header), PROXY_HEADER_WHOLE);
    cr_assert_eq(header->length, length);
}

static void says(const struct peer_address *packed, const char *text)
{
    struct address address;
    char found[ADDRESS_TEXT_MAX];

    peer_unpack(packed, &address);
    address_text(&address, found, sizeof(found));
    cr_assert_str_eq(found, text);
}

Test(proxy_header, reads_a_line)
{
    struct proxy_header header;
    const char *line = "PROXY TCP4 192.0.2.1 198.51.100.255 65535 0\r\n";

    whole(line, strlen(line), &header);
    cr_assert(header.known && !header.local);
    says(&header.client, "192.0.2.1:65535");
    says(&header.server, "198.51.100.255:0");
    line = "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 80\r\n";
    whole(line, strlen(line), &header);
    says(&header.client, "[2001:db8::1]:1");
    says(&header.server, "192.0.2.1:80");
}

Test(proxy_header, takes_whoever_sends_for_unknown)
{
    struct proxy_header header;
    char longest[107 + 1];

    whole("PROXY UNKNOWN\r\n", 15, &header);
    cr_assert(!header.known && !header.local);
    snprintf(longest, sizeof(longest), "PROXY UNKNOWN %0*d\r\n", 107 - 16, 0);
    whole(longest, 107, &header);
    cr_assert_not(header.known);
}

Test(proxy_header, refuses_a_line_that_is_not_exact)
{
    static const char *const bad[] = {
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",        /* a lone LF */
        "PROXY TCP4 192.0.2.1\n 192.0.2.2 1 2\r\n",    /* inside */
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r \n",     /* a lone CR */
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",     /* leading zeros */
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 00\r\n",     /**/
        "PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n",     /**/
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",  /**/
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",     /**/
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",        /* a word less */
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",    /* a word more */
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",     /* spaces */
        "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",     /**/
        "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",     /**/
        "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",    /**/
        "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",  /* the other family */
        "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",      /**/
        "PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2\r\n", /**/
        "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",      /**/
        "PROXY TCP4 192.0.2.1 192.0.2.2 99999999999 2\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY \r\n",
        "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXX",
        "GET / HTTP/1.0\r\n\r\n",
        "\n",
    };
    struct proxy_header header;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(of_text(bad[i], &header), PROXY_HEADER_BAD, "%s", bad[i]);
}

/* What reads addresses and numbers stops at a NUL, and would not see what follows. */
Test(proxy_header, refuses_a_nul_in_a_line)
{
    static const char host[] = "PROXY TCP4 192.0.2.1\0x 192.0.2.2 1 2\r\n";
    static const char port[] = "PROXY TCP4 192.0.2.1 192.0.2.2 1 \0\r\n";
    struct proxy_header header;

    cr_assert_eq(proxy_header_read(host, sizeof(host) - 1, &header), PROXY_HEADER_BAD);
    cr_assert_eq(proxy_header_read(port, sizeof(port) - 1, &header), PROXY_HEADER_BAD);
}

Test(proxy_header, refuses_a_line_that_is_too_long)
{
    struct proxy_header header;
    char line[200];

    snprintf(line, sizeof(line), "PROXY UNKNOWN %0*d\r\n", 107 - 15, 0);
    cr_assert_eq(of_text(line, &header), PROXY_HEADER_BAD);
    for (size_t i = 106; i < 109; i++)
        cr_assert_eq(proxy_header_read(line, i, &header), PROXY_HEADER_BAD, "%zu", i);
}

struct v2 {
    char bytes[PROXY_HEADER_MAX + 64];
    size_t length;
};

static void add(struct v2 *v2, const void *bytes, size_t length)
{
    memcpy(v2->bytes + v2->length, bytes, length);
    v2->length += length;
}

static void close_v2(struct v2 *v2)
{
    v2->bytes[14] = (char)((v2->length - 16) >> 8);
    v2->bytes[15] = (char)(v2->length - 16);
}

static struct v2 begin(int command, int family, size_t block)
{
    static const char ipv4[] = {(char)192, 0, 2, 1, (char)198, 51, 100, 2, 0x12, 0x34, 0x00, 0x50};
    static const char ipv6[36] = {
        0x20, 0x01, 0x0d, (char)0xb8, [15] = 1, [16] = 0x20, [31] = 2, [33] = 9, [35] = 7};
    static const char nothing[216];
    struct v2 v2 = {.length = 0};

    add(&v2, V2, 12);
    add(&v2, (char[]){(char)command, (char)family, 0, 0}, 4);
    add(&v2, block == 12 ? ipv4 : block == 36 ? ipv6 : nothing, block);
    close_v2(&v2);
    return v2;
}

static const char filler[256] = "anything";

static struct v2 ipv4(void)
{
    return begin(0x21, 0x11, 12);
}

static void add_tlv(struct v2 *v2, int type, size_t size, const void *value)
{
    add(v2, (char[]){(char)type, (char)(size >> 8), (char)size}, 3);
    add(v2, value, size);
    close_v2(v2);
}

static enum proxy_verdict of_v2(const struct v2 *v2, struct proxy_header *header)
{
    return proxy_header_read(v2->bytes, v2->length, header);
}

Test(proxy_header, reads_both_families)
{
    struct proxy_header header;
    struct v2 v2 = ipv4();

    whole(v2.bytes, v2.length, &header);
    cr_assert(header.known && !header.local);
    says(&header.client, "192.0.2.1:4660");
    says(&header.server, "198.51.100.2:80");
    v2 = begin(0x21, 0x22, 36);
    whole(v2.bytes, v2.length, &header);
    says(&header.client, "[2001:db8::1]:9");
}

Test(proxy_header, takes_whoever_sends_where_it_does_not_say)
{
    static const struct {
        int command, family;
        size_t block;
        bool local;
    } some[] = {{0x20, 0x00, 0, true},    {0x20, 0x11, 12, true},   {0x20, 0xff, 5, true},
                {0x21, 0x00, 0, false},   {0x21, 0x00, 7, false},   {0x21, 0x10, 3, false},
                {0x21, 0x31, 216, false}, {0x21, 0x32, 216, false}, {0x21, 0x01, 12, false},
                {0x21, 0x20, 0, false}};

    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        struct v2 v2 = begin(some[i].command, some[i].family, some[i].block);
        struct proxy_header header;

        cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_WHOLE, "%zu", i);
        cr_assert_not(header.known, "%zu", i);
        cr_assert_eq(header.local, some[i].local, "%zu", i);
        cr_assert_eq(header.length, v2.length, "%zu", i);
    }
}

Test(proxy_header, refuses_what_version_2_does_not_have)
{
    static const struct {
        int command, family;
        size_t block;
    } bad[] = {{0x11, 0x11, 12}, {0x31, 0x11, 12},  {0x22, 0x11, 12}, {0x2f, 0x11, 12},
               {0x01, 0x11, 12}, {0x21, 0x41, 216}, {0x21, 0x13, 12}, {0x21, 0x11, 11},
               {0x21, 0x11, 0},  {0x21, 0x21, 35},  {0x21, 0x31, 215}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct v2 v2 = begin(bad[i].command, bad[i].family, bad[i].block);
        struct proxy_header header;

        cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD, "%zu", i);
    }
}

Test(proxy_header, refuses_a_signature_at_its_first_wrong_byte)
{
    for (size_t i = 1; i < 12; i++) {
        struct v2 v2 = ipv4();
        struct proxy_header header;

        v2.bytes[i] ^= 1;
        cr_assert_eq(proxy_header_read(v2.bytes, i + 1, &header), PROXY_HEADER_BAD, "%zu", i);
    }
}

Test(proxy_header, skips_what_it_does_not_know)
{
    struct proxy_header header;
    struct v2 v2 = ipv4();

    add_tlv(&v2, 0x04, 0, "");
    add_tlv(&v2, 0xee, 200, filler);
    add_tlv(&v2, 0x05, 128, filler);
    whole(v2.bytes, v2.length, &header);
    says(&header.client, "192.0.2.1:4660");
}

static bool is_text(const struct proxy_text *text, const char *expected)
{
    return text->length == strlen(expected) && memcmp(text->bytes, expected, text->length) == 0;
}

Test(proxy_header, reads_what_is_said_in_words)
{
    struct proxy_header header;
    struct v2 v2 = ipv4();

    cr_assert_eq(proxy_header_read(v2.bytes, v2.length, &header),
                 PROXY_HEADER_WHOLE); /* the texts lie there */
    cr_assert_eq(header.authority.length + header.unique_id.length, 0);
    add_tlv(&v2, 0x02, 11, "www.example");
    add_tlv(&v2, 0x04, 3, "pad");
    add_tlv(&v2, 0x05, 8, "7F000001");
    cr_assert_eq(proxy_header_read(v2.bytes, v2.length, &header), PROXY_HEADER_WHOLE);
    cr_assert(is_text(&header.authority, "www.example"));
    cr_assert(is_text(&header.unique_id, "7F000001"));
    add_tlv(&v2, 0x02, 0, "");
    cr_assert_eq(proxy_header_read(v2.bytes, v2.length, &header), PROXY_HEADER_WHOLE);
    cr_assert(is_text(&header.authority, ""), "the last one holds");
}

Test(proxy_header, refuses_tlvs_that_do_not_fit)
{
    struct proxy_header header;
    struct v2 v2 = ipv4();

    add_tlv(&v2, 0x05, 129, filler); /* PP2_TYPE_UNIQUE_ID has 128 bytes at most */
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
    for (size_t size = 1; size < 3; size++) { /* the beginning of one */
        v2 = ipv4();
        add(&v2, "\4\0", size);
        close_v2(&v2);
        cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
    }
    v2 = ipv4();
    add(&v2, "\4\0\2x", 4);
    close_v2(&v2);
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
}

/* It was made by another program, of which the check value (of "123456789") is 0xe3069283. */
Test(proxy_header, verifies_the_checksum)
{
    struct proxy_header header;
    struct v2 v2 = ipv4();

    add_tlv(&v2, 0x03, 4, "\x00\x00\x00\x00");
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
    memcpy(v2.bytes + v2.length - 4, "\xb8\x43\xbf\x0e", 4);
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_WHOLE);
    v2.bytes[16] ^= 1;
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
    v2.bytes[16] ^= 1;
    v2.bytes[20] ^= 1;
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
    v2 = ipv4();
    add_tlv(&v2, 0x03, 3, "abc");
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
}

Test(proxy_header, refuses_one_that_is_larger_than_any)
{
    struct proxy_header header;
    struct v2 v2 = begin(0x20, 0, 0);

    v2.length = PROXY_HEADER_MAX;
    close_v2(&v2);
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_WHOLE);
    v2.length++;
    close_v2(&v2);
    cr_assert_eq(proxy_header_read(v2.bytes, 16, &header), PROXY_HEADER_BAD);
}

Test(proxy_header, wants_a_datagram_to_have_it_whole_and_binary)
{
    struct proxy_header header;
    struct v2 v2 = ipv4();
    const char *line = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";

    cr_assert_eq(proxy_header_read_datagram(v2.bytes, v2.length, &header), PROXY_HEADER_WHOLE);
    says(&header.client, "192.0.2.1:4660");
    for (size_t i = 0; i < v2.length; i++)
        cr_assert_eq(proxy_header_read_datagram(v2.bytes, i, &header), PROXY_HEADER_BAD, "%zu", i);
    cr_assert_eq(proxy_header_read_datagram(line, strlen(line), &header), PROXY_HEADER_BAD);
}

/* Each takes a walk over the whole header, and hundreds fit into one. */
Test(proxy_header, refuses_a_second_checksum)
{
    struct proxy_header header;
    struct v2 v2 = ipv4();

    add_tlv(&v2, 0x03, 4, "\x00\x00\x00\x00");
    add_tlv(&v2, 0x03, 4, "\x00\x00\x00\x00");
    memcpy(v2.bytes + v2.length - 11, "\x2f\x05\x69\x1d", 4); /* both are right, each with the other */
    memcpy(v2.bytes + v2.length - 4, "\xea\x6e\x0f\x97", 4);
    cr_assert_eq(of_v2(&v2, &header), PROXY_HEADER_BAD);
}
