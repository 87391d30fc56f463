/* SPDX-License-Identifier: MIT */
#include "base/peer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static void round_trip(const char *text)
{
    struct address in = {0}, out;
    struct peer_address packed;

    if (inet_pton(AF_INET, text, &in.in.sin_addr) == 1) {
        in.sa.sa_family = AF_INET;
    } else {
        cr_assert_eq(inet_pton(AF_INET6, text, &in.in6.sin6_addr), 1);
        in.sa.sa_family = AF_INET6;
        in.in6.sin6_scope_id = 3;
    }
    address_set_port(&in, 54321);
    peer_pack(&packed, &in);
    peer_unpack(&packed, &out);
    address_unmap(&in);
    cr_assert(address_equal(&in, &out), "%s", text);
    cr_assert_eq(packed.port, 54321);
}

Test(peer, keeps_addresses_whole)
{
    round_trip("192.0.2.77");
    round_trip("2001:db8::7:1");
    round_trip("fe80::1");
    round_trip("::1");
}

Test(peer, stores_a_mapped_address_as_ipv4)
{
    struct address mapped = {.sa = {.sa_family = AF_INET6}};
    struct peer_address packed;

    cr_assert_eq(inet_pton(AF_INET6, "::ffff:192.0.2.1", &mapped.in6.sin6_addr), 1);
    peer_pack(&packed, &mapped);
    cr_assert_eq(packed.family, AF_INET);
    cr_assert_eq(packed.ip[0], 192);
    cr_assert_eq(packed.ip[3], 1);
}

static void assert_host(const struct peer_address *packed, const char *expected)
{
    char text[ADDRESS_TEXT_MAX];

    peer_host(packed, text);
    cr_assert_str_eq(text, expected);
}

Test(peer, a_host_is_an_address_or_a_user)
{
    struct peer_address user = {.family = AF_UNIX, .uid = 1000}, nobody = {.family = AF_UNSPEC};
    struct peer_address v4 = {.family = AF_INET, .port = 7, .ip = {192, 0, 2, 1}};

    assert_host(&user, "uid 1000");
    assert_host(&v4, "192.0.2.1");
    assert_host(&nobody, "");
}
