/* SPDX-License-Identifier: MIT */
#include "client/ask/proxy_writer.h"

#include "base/proxy_header.h"

#include <criterion/criterion.h>
#include <netdb.h>
#include <string.h>

static struct message error;

static struct address address_of(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct address address;
    struct addrinfo *found;

    cr_assert_eq(getaddrinfo(host, port, &hints, &found), 0);
    address_set(&address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return address;
}

static const char *text_of(const struct peer_address *packed)
{
    static char text[2][ADDRESS_TEXT_MAX];
    static int turn;
    struct address address;

    turn = !turn;
    peer_unpack(packed, &address);
    address_text(&address, text[turn], sizeof(text[turn]));
    return text[turn];
}

/* What the daemon reads of what is written. */
static struct proxy_header written(const char *argument, int type, const struct address *local,
                                   const struct address *peer)
{
    struct proxy_writer writer;
    struct proxy_header header;
    char bytes[PROXY_WRITER_MAX];
    size_t length;

    cr_assert_eq(proxy_writer_parse(&writer, argument, &error), 0, "%s", error.text);
    length = proxy_writer_write(&writer, type, local, peer, bytes);
    cr_assert_eq(proxy_header_read(bytes, length, &header), PROXY_HEADER_WHOLE);
    cr_assert_eq(header.length, length);
    return header;
}

static void says(const char *argument, int type, const struct address *local, const struct address *peer,
                 const char *client, const char *server)
{
    struct proxy_header header = written(argument, type, local, peer);

    cr_assert(header.known);
    cr_assert_str_eq(text_of(&header.client), client);
    cr_assert_str_eq(text_of(&header.server), server);
}

Test(proxy_writer, of_this_connection)
{
    struct address local = address_of("192.0.2.1", "40001"), peer = address_of("192.0.2.2", "80");
    struct address local6 = address_of("2001:db8::1", "1"), peer6 = address_of("2001:db8::2", "65535");
    struct address mapped = address_of("::ffff:192.0.2.9", "9"),
                   mapped_peer = address_of("::ffff:192.0.2.8", "8");

    for (int i = 1; i <= 2; i++) {
        const char *version = i == 1 ? "v1" : "v2";

        says(version, SOCK_STREAM, &local, &peer, "192.0.2.1:40001", "192.0.2.2:80");
        says(version, SOCK_STREAM, &local6, &peer6, "[2001:db8::1]:1", "[2001:db8::2]:65535");
        says(version, SOCK_STREAM, &mapped, &mapped_peer, "192.0.2.9:9", "192.0.2.8:8");
    }
    says("v2", SOCK_DGRAM, &local, &peer, "192.0.2.1:40001", "192.0.2.2:80");
}

Test(proxy_writer, of_whom_it_is_told)
{
    struct address local = address_of("127.0.0.1", "1"), peer = address_of("127.0.0.1", "2");

    says("v1,192.0.2.1:40001,198.51.100.1:80", SOCK_STREAM, &local, &peer, "192.0.2.1:40001",
         "198.51.100.1:80");
    says("v2,192.0.2.1:40001,198.51.100.1:80", SOCK_STREAM, &local, &peer, "192.0.2.1:40001",
         "198.51.100.1:80");
    says("v1,[2001:db8::7]:1,[2001:db8::8]:2", SOCK_STREAM, &local, &peer, "[2001:db8::7]:1",
         "[2001:db8::8]:2");
    says("v2,[2001:db8::7]:1,[2001:db8::8]:2", SOCK_DGRAM, &local, &peer, "[2001:db8::7]:1",
         "[2001:db8::8]:2");
}

/* A Unix client has no address that the header could name. */
Test(proxy_writer, of_a_unix_connection)
{
    struct address local, peer;

    cr_assert(address_set_unix(&local, "@a"));
    cr_assert(address_set_unix(&peer, "/run/x"));
    cr_assert_not(written("v1", SOCK_STREAM, &local, &peer).known);
    cr_assert_not(written("v2", SOCK_STREAM, &local, &peer).known);
}

/* Of a link-local address the interface is left out, and the longest line fits. */
Test(proxy_writer, the_longest_line)
{
    struct address local = address_of("fe80::aaaa:bbbb:cccc:dddd", "65535");
    struct address peer = address_of("2001:db88:aaaa:bbbb:cccc:dddd:eeee:ffff", "65535");

    local.in6.sin6_scope_id = 1;
    says("v1", SOCK_STREAM, &local, &peer, "[fe80::aaaa:bbbb:cccc:dddd]:65535",
         "[2001:db88:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535");
}

Test(proxy_writer, none)
{
    struct proxy_writer writer = {0};
    struct address address = address_of("127.0.0.1", "1");
    char bytes[PROXY_WRITER_MAX];

    cr_assert_eq(proxy_writer_write(&writer, SOCK_STREAM, &address, &address, bytes), 0);
}

Test(proxy_writer, bad_arguments)
{
    static const char *const bad[] = {
        "",
        "v3",
        "1",
        "v1x",
        "v1,",
        "v1,192.0.2.1:1",
        "v1,192.0.2.1:1,",
        "v1,192.0.2.1,192.0.2.2:1",
        "v1,192.0.2.1:0,192.0.2.2:1",
        "v1,host:1,192.0.2.2:1",
        "v1,192.0.2.1:http,192.0.2.2:1",
        "v1,tcp://192.0.2.1:1,192.0.2.2:1",
        "v2,192.0.2.1:1,[::1]:1",
        "v2,192.0.2.1:1,192.0.2.2:1,192.0.2.3:1",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct proxy_writer writer;

        error.text[0] = '\0';
        cr_assert_eq(proxy_writer_parse(&writer, bad[i], &error), -1, "%s", bad[i]);
        cr_assert_eq(strncmp(error.text, "--proxy: ", 9), 0, "%s", error.text);
    }
}
