/* SPDX-License-Identifier: MIT */
#include "guard/source.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static struct conf_endpoint own;
static struct conf_listener listener;
static struct conf conf;
static uint64_t ports[1024];

static struct address address_of(const char *host, unsigned port)
{
    struct address address = {0};

    if (inet_pton(AF_INET, host, &address.in.sin_addr) == 1) {
        address.sa.sa_family = AF_INET;
        address.length = sizeof(address.in);
    } else {
        cr_assert_eq(inet_pton(AF_INET6, host, &address.in6.sin6_addr), 1);
        address.sa.sa_family = AF_INET6;
        address.length = sizeof(address.in6);
    }
    address_set_port(&address, port);
    return address;
}

static void set_up(void)
{
    own.address = address_of("192.0.2.1", 7777);
    listener = (struct conf_listener){
        .transport = TRANSPORT_UDP, .endpoints = &own, .endpoint_count = 1, .max_amplification = 1};
    ports[7777 / 64] = UINT64_C(1) << 7777 % 64;
    conf = (struct conf){.listeners = &listener, .listener_count = 1, .udp_ports = ports};
}

/* A datagram from there, in a packet of the family that a client writes its address in. */
static bool answered(const char *host, unsigned port)
{
    struct address client = address_of(host, port);
    const struct source source = {.client = &client, .family = address_is_ipv4(&client) ? AF_INET : AF_INET6};

    return source_is_answerable(&conf, &listener, &source);
}

Test(source, any_single_host_is_answered, .init = set_up)
{
    cr_assert(answered("203.0.113.1", 1024));
    cr_assert(answered("::ffff:203.0.113.1", 40000));
    cr_assert(answered("2001:db8::1", 65535));
    cr_assert(answered("fe80::1", 40000));
    cr_assert(answered("127.0.0.1", 13));
    cr_assert(answered("::ffff:127.0.0.1", 13));
    cr_assert(answered("::1", 13));
}

Test(source, many_hosts_and_none_are_not, .init = set_up)
{
    static const char *const hosts[] = {
        "224.0.0.1",        "255.255.255.255",        "0.0.0.0",       "0.1.2.3", "ff02::1", "::",
        "::ffff:224.0.0.1", "::ffff:255.255.255.255", "::ffff:0.0.0.0"};

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        cr_expect_not(answered(hosts[i], 40000), "%s", hosts[i]);
}

Test(source, ports_of_services_are_not, .init = set_up)
{
    cr_assert_not(answered("203.0.113.1", 0));
    cr_assert_not(answered("203.0.113.1", 1023));
    cr_assert_not(answered("2001:db8::1", 7));
    cr_assert_not(answered("203.0.113.1", 7777), "our own");
    cr_assert_not(answered("::1", 7777));
    listener.low_ports = true;
    cr_assert(answered("203.0.113.1", 1023));
    cr_assert_not(answered("203.0.113.1", 0));
    cr_assert_not(answered("203.0.113.1", 7777));
}

/* A datagram over IPv6 that said ::ffff:127.0.0.1 was answered over IPv4, and kept a daytime server there
 * busy. */
Test(source, an_ipv4_address_in_an_ipv6_packet_is_forged, .init = set_up)
{
    struct address mapped = address_of("::ffff:127.0.0.1", 40000), v6 = address_of("2001:db8::1", 40000);
    struct source source = {.client = &mapped, .family = AF_INET6};

    cr_assert_not(source_is_answerable(&conf, &listener, &source));
    source.family = AF_INET;
    cr_assert(source_is_answerable(&conf, &listener, &source));
    source.client = &v6;
    cr_assert_not(source_is_answerable(&conf, &listener, &source));
}

Test(source, what_was_sent_to_many_is_answered_if_that_is_wanted, .init = set_up)
{
    struct address client = address_of("203.0.113.1", 40000);
    const struct source source = {.client = &client, .family = AF_INET, .to_many = true};

    cr_assert_not(source_is_answerable(&conf, &listener, &source));
    listener.answer_broadcast = true;
    cr_assert(source_is_answerable(&conf, &listener, &source));
}

static size_t allowance(const char *host, size_t request)
{
    struct address client = address_of(host, 40000);

    return source_allowance(&listener, &client, request);
}

Test(source, a_global_address_gets_no_more_than_was_sent, .init = set_up)
{
    cr_assert_eq(allowance("203.0.113.1", 0), 64 - 28);
    cr_assert_eq(allowance("203.0.113.1", 36), 36);
    cr_assert_eq(allowance("::ffff:203.0.113.1", 500), 500);
    cr_assert_eq(allowance("2001:db8::1", 0), 64 - 48);
    cr_assert_eq(allowance("2001:db8::1", 65507), 65507);
    listener.max_amplification = 2;
    cr_assert_eq(allowance("203.0.113.1", 100), 2 * 128 - 28);
}

Test(source, a_local_address_gets_everything, .init = set_up)
{
    cr_assert_eq(allowance("127.0.0.1", 0), SIZE_MAX);
    cr_assert_eq(allowance("10.1.2.3", 0), SIZE_MAX);
    cr_assert_eq(allowance("fd00::1", 0), SIZE_MAX);
    cr_assert_eq(allowance("fe80::1", 0), SIZE_MAX);
}
