/* SPDX-License-Identifier: MIT */
#include "guard/access.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static struct arena arena;
static struct conf_listener listener;

static void set_up(void)
{
    struct prefix_rule rules[] = {{{.family = AF_INET, .length = 24, .ip = {192, 0, 2}}, true, 0}};

    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    listener.access.prefixes = prefixes_build(&arena, rules, 1, false);
}

static bool admitted(const char *host)
{
    struct address address = {.length = sizeof(address.in6), .in6.sin6_family = AF_INET6};
    struct peer_address client;

    cr_assert_eq(inet_pton(AF_INET6, host, &address.in6.sin6_addr), 1);
    peer_pack(&client, &address);
    return access_admits(&listener, &client);
}

Test(access, without_lists_everybody_is_admitted)
{
    cr_assert(admitted("::ffff:203.0.113.1"));
    cr_assert(admitted("2001:db8::1"));
}

/* As it comes to a dual-stack socket. */
Test(access, a_mapped_client_is_an_ipv4_client, .init = set_up)
{
    cr_assert(admitted("::ffff:192.0.2.7"));
    cr_assert_not(admitted("::ffff:192.0.3.7"));
    cr_assert_not(admitted("::192.0.2.7"));
    cr_assert_not(admitted("c000:200::"));
}
