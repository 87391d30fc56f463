/* SPDX-License-Identifier: MIT */
#include "client/ask/addresses.h"

#include "base/message.h"
#include "base/util.h"

#include <criterion/criterion.h>

/* Real look-ups, of numbers and of localhost. The order of several addresses of both families is tested where
 * /etc/hosts can say which a name has: tests/integration/test_client_network.py. */
static struct loop loop;
static struct addresses addresses;
static struct endpoint endpoint;
static int found;

static void take_found(void *context)
{
    (void)context;
    found++;
}

static void look_up(const char *text, int family)
{
    struct message error;

    found = 0;
    cr_assert_eq(endpoint_parse(text, &endpoint, &error), 0, "%s", error.text);
    cr_assert_eq(loop_open(&loop), 0);
    addresses_open(&addresses, &loop, &endpoint, family, take_found, NULL);
    addresses_look_up(&addresses);
    while (found == 0)
        cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(found, 1);
    cr_assert_not(addresses.running);
}

static void finish(void)
{
    addresses_close(&addresses);
    cr_assert_eq(loop.timer_count, 0);
    loop_close(&loop);
}

static void assert_only(const char *target, int family, const char *expected)
{
    char text[ADDRESS_TEXT_MAX];

    look_up(target, family);
    cr_assert_eq(addresses.code, 0, "%s: %d", target, addresses.code);
    cr_assert_eq(addresses.count, 1, "%s: %zu", target, addresses.count);
    address_text(&addresses.list[0], text, sizeof(text));
    cr_assert_str_eq(text, expected);
    cr_assert_not(addresses.changed);
    cr_assert_not(addresses_is_name(&addresses));
    finish();
}

Test(addresses, numbers)
{
    assert_only("192.0.2.1:80", AF_UNSPEC, "192.0.2.1:80");
    assert_only("udp://192.0.2.1:80", AF_INET, "192.0.2.1:80");
    assert_only("127.1:80", AF_UNSPEC, "127.0.0.1:80");
    assert_only("[2001:db8::1]:80", AF_UNSPEC, "[2001:db8::1]:80");
    assert_only("[2001:db8::1]:80", AF_INET6, "[2001:db8::1]:80");
    assert_only("unix:/run/x", AF_UNSPEC, "/run/x");
    assert_only("unix:@x", AF_INET6, "@x");
}

Test(addresses, numbers_of_the_other_family)
{
    look_up("192.0.2.1:80", AF_INET6);
    cr_assert_eq(addresses.count, 0);
    cr_assert_neq(addresses.code, 0);
    cr_assert_not(addresses_is_name(&addresses));
    finish();
    look_up("[2001:db8::1]:80", AF_INET);
    cr_assert_eq(addresses.count, 0);
    cr_assert_neq(addresses.code, 0);
    finish();
}

Test(addresses, a_service_that_is_none)
{
    look_up("127.0.0.1:no-such-service", AF_UNSPEC);
    cr_assert_eq(addresses.code, EAI_SERVICE);
    finish();
}

/* Again, and nothing has changed. */
Test(addresses, a_name)
{
    size_t count;

    look_up("localhost:80", AF_INET);
    cr_assert(addresses_is_name(&addresses));
    cr_assert_eq(addresses.code, 0);
    cr_assert_geq(addresses.count, 1);
    cr_assert_eq(addresses.list[0].sa.sa_family, AF_INET);
    count = addresses.count;
    addresses_look_up(&addresses);
    addresses_look_up(&addresses); /* which waits for the one that runs */
    while (found < 2)
        cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(addresses.count, count);
    cr_assert_not(addresses.changed);
    finish();
}

/* Both families are asked, and neither is lost, whichever answers first. */
Test(addresses, both_families)
{
    size_t ipv4;

    look_up("localhost:80", AF_INET);
    ipv4 = addresses.count;
    finish();
    for (int i = 0; i < 50; i++) {
        size_t now = 0;

        look_up("localhost:80", AF_UNSPEC);
        for (size_t j = 0; j < addresses.count; j++)
            now += addresses.list[j].sa.sa_family == AF_INET;
        cr_assert_eq(now, ipv4);
        finish();
    }
}

/* A look-up that runs is left when nobody waits for it any more. */
Test(addresses, closed_while_a_look_up_runs)
{
    struct message error;

    cr_assert_eq(endpoint_parse("localhost:80", &endpoint, &error), 0);
    cr_assert_eq(loop_open(&loop), 0);
    addresses_open(&addresses, &loop, &endpoint, AF_UNSPEC, take_found, NULL);
    addresses_look_up(&addresses);
    cr_assert(addresses.running);
    finish();
}
