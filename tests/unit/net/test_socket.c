/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include "fixtures.h"
#include "net/match.h"

#include <criterion/criterion.h>

static bool matches(const struct socket *socket, const struct fixture *fixture)
{
    struct wanted wanted = fixture_want(fixture);

    cr_assert(!match_same(socket, &wanted) || match_hash(socket) == match_wanted_hash(&wanted));
    return match_same(socket, &wanted);
}

/* The same by its description when it was made, and by what the kernel says of it when it is inherited. */
Test(socket, inherited_is_what_it_was)
{
    static const char *const addresses[] = {"", "0.0.0.0", "::", "127.0.0.1", "::1"};

    for (size_t i = 0; i < 2 * sizeof(addresses) / sizeof(addresses[0]); i++) {
        enum transport transport = i % 2 ? TRANSPORT_TCP : TRANSPORT_UDP;
        struct fixture f = fixture_ip(transport, addresses[i / 2], fixture_free_port());
        struct socket *first = fixture_socket(&f, SOCKET_ALONE), *again;

        again = socket_inherit(dup(first->fd), first->label);
        cr_assert_not_null(again);
        cr_expect(again->owned && again->inherited);
        cr_expect_eq(again->transport, transport);
        cr_expect(address_equal(&again->address, &first->address));
        cr_expect_eq(again->v6only, first->v6only);
        cr_expect(matches(again, &f));
        socket_free(again, true);
        socket_free(first, false);
    }
}

Test(socket, labels_say_whose_it_is)
{
    static const struct {
        const char *label;
        bool owned;
    } cases[] = {{"sg.1f", true},
                 {"sockgreet/tcp/127.0.0.1/12345/0", true}, /* of version 0.1.0 */
                 {"sockgreet.socket", false},
                 {"unknown", false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct socket *socket = socket_inherit(fixture_descriptor(AF_INET, SOCK_STREAM), cases[i].label);

        cr_expect_eq(socket->owned, cases[i].owned, "%s", cases[i].label);
        socket_free(socket, true);
    }
}

/* systemd passes the labels of all sockets in one variable of at most 128 KiB. */
Test(socket, labels_are_short)
{
    struct fixture f = fixture_ip(TRANSPORT_UDP, "::1", fixture_free_port());
    struct socket *socket = fixture_socket(&f, SOCKET_ALONE);

    cr_expect_leq(strlen(socket->label) + 1, 131072 / 8192 - 1);
    cr_expect_leq(strlen(socket_short_label(socket)), 4);
    socket_free(socket, false);
}

/* Any process that has a listening socket can shut it down for all. */
Test(socket, a_socket_that_was_shut_down_listens_again)
{
    struct fixture f = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct socket *socket = fixture_socket(&f, SOCKET_ALONE);

    cr_assert_eq(socket_listen(socket, &f.conf), 0);
    cr_expect_not(socket_is_shut(socket));
    shutdown(socket->fd, SHUT_RD);
    cr_expect(socket_is_shut(socket));
    cr_expect_eq(socket_listen(socket, &f.conf), 0);
    cr_expect_not(socket_is_shut(socket));
    socket_free(socket, false);
}
