/* SPDX-License-Identifier: MIT */
#include "net/registry.h"

#include "base/util.h"
#include "fixtures.h"

#include <criterion/criterion.h>

static struct registry registry;

static struct socket *add(const struct fixture *fixture)
{
    struct wanted wanted = fixture_want(fixture);
    struct socket *socket = NULL;
    const char *step = "";

    cr_assert_eq(socket_make(&wanted, SOCKET_ALONE, &socket, &step), 0, "%s", step);
    registry_add(&registry, socket);
    return socket;
}

Test(registry, finds_what_is_wanted_once)
{
    struct fixture a = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct fixture b = fixture_ip(TRANSPORT_UDP, "127.0.0.1", fixture_free_port());
    struct socket *first = add(&a);
    struct wanted wanted_a = fixture_want(&a), wanted_b = fixture_want(&b);
    unsigned mark = registry_mark(&registry);

    add(&b);
    cr_expect_eq(registry_find(&registry, &wanted_a, mark), first);
    first->mark = mark;
    cr_expect_null(registry_find(&registry, &wanted_a, mark));
    cr_expect_not_null(registry_find(&registry, &wanted_b, mark));
    registry_close(&registry);
    cr_expect_null(registry_find(&registry, &wanted_b, 0));
    cr_expect_eq(registry.count, 0);
}

Test(registry, in_the_way)
{
    unsigned port = fixture_free_port();
    struct fixture one = fixture_ip(TRANSPORT_TCP, "127.0.0.1", port);
    struct fixture two = fixture_ip(TRANSPORT_TCP, "127.0.0.2", port);
    struct fixture any = fixture_ip(TRANSPORT_TCP, "", port);
    struct wanted wanted = fixture_want(&any);
    struct socket *socket;

    add(&one);
    add(&two);
    socket = registry_next_overlapping(&registry, NULL, &wanted);
    cr_assert_not_null(socket);
    socket = registry_next_overlapping(&registry, socket, &wanted);
    cr_assert_not_null(socket);
    cr_expect_null(registry_next_overlapping(&registry, socket, &wanted));
    registry_close(&registry);
}

/* A start that fails changes nothing: a restart that could not bind one listener gave up all others. */
Test(registry, what_was_inherited_is_given_back)
{
    struct fixture f = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct socket *socket = add(&f);
    struct message unwanted = {0};

    socket->inherited = true;
    socket->references = 1;
    registry_release(&registry, socket, false);
    cr_expect_eq(registry.count, 1);
    socket->references = 1;
    registry_drop_unclaimed(&registry, &unwanted);
    cr_expect_eq(registry.count, 1);
    registry_release(&registry, socket, false);
    cr_expect_eq(registry.count, 0);
    cr_expect_str_eq(unwanted.text, "");
}

Test(registry, what_a_unit_passes_in_vain_is_named)
{
    struct fixture f = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct socket *own = add(&f), *theirs = socket_inherit(dup(own->fd), "sockgreet.socket");
    struct message unwanted = {0};
    char expected[128];

    registry_add(&registry, theirs);
    registry_drop_unclaimed(&registry, &unwanted);
    snprintf(expected, sizeof(expected),
             "socket 127.0.0.1:%u, passed by sockgreet.socket, does not belong to a listener",
             address_port(&own->address));
    cr_expect_str_eq(unwanted.text, expected);
    cr_expect_eq(registry.count, 1);
    registry_close(&registry);
}
