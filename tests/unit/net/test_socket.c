/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include "fixtures.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct socket *made(const struct fixture *fixture, enum socket_sharing sharing)
{
    struct socket_wanted wanted = fixture_want(fixture);
    struct socket *socket = NULL;
    const char *step = "";
    int error = socket_make(&wanted, sharing, &socket, &step);

    cr_assert_eq(error, 0, "cannot %s %s: %s", step, fixture->conf.address, strerror(-error));
    return socket;
}

static bool matches(const struct socket *socket, const struct fixture *fixture)
{
    struct socket_wanted wanted = fixture_want(fixture);

    cr_assert(!socket_matches(socket, &wanted) || socket_hash(socket) == socket_wanted_hash(&wanted));
    return socket_matches(socket, &wanted);
}

/* What bind() says of two endpoints side by side, and what is said here without asking it. */
Test(socket, overlap_is_what_the_kernel_says)
{
    static const char *const addresses[] = {"", "0.0.0.0", "::", "127.0.0.1", "127.0.0.2", "::1"};
    static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP};
    size_t count = sizeof(addresses) / sizeof(addresses[0]);

    for (size_t i = 0; i < 2 * count * count; i++) {
        unsigned port = fixture_free_port();
        enum transport transport = transports[i / (count * count)];
        struct fixture a = fixture_ip(transport, addresses[i / count % count], port);
        struct fixture b = fixture_ip(transport, addresses[i % count], port);
        struct socket *first = made(&a, SOCKET_ALONE), *second = NULL;
        struct socket_wanted wanted = fixture_want(&b);
        const char *step = "";
        int error;

        cr_assert_eq(socket_listen(first, &a.conf), 0);
        error = socket_make(&wanted, SOCKET_ALONE, &second, &step);
        cr_expect(error == 0 || error == -EADDRINUSE);
        cr_expect_eq(socket_overlaps(first, &wanted), error != 0, "%s \"%s\" and \"%s\"",
                     transport_name(transport), a.conf.address, b.conf.address);
        cr_expect_eq(socket_matches(first, &wanted), strcmp(a.conf.address, b.conf.address) == 0);
        socket_free(second, false);
        if (error) { /* with SO_REUSEPORT it can be had all the same */
            cr_expect_eq(socket_allow_sharing(first, true), 0);
            cr_expect_eq(socket_make(&wanted, SOCKET_SHARED, &second, &step), 0, "%s", step);
            socket_free(second, false);
        }
        socket_free(first, false);
    }
}

Test(socket, covered_is_a_subset)
{
    static const struct {
        const char *socket, *by;
        bool covered;
    } cases[] = {{"127.0.0.1", "", true},
                 {"::1", "", true},
                 {"", "127.0.0.1", false},
                 {"0.0.0.0", "", true},
                 {"", "0.0.0.0", false},
                 {"::", "", true},
                 {"", "::", false},
                 {"127.0.0.1", "::", false},
                 {"127.0.0.1", "127.0.0.2", false},
                 {"::1", "0.0.0.0", false},
                 {"", "", true}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned port = fixture_free_port();
        struct fixture a = fixture_ip(TRANSPORT_TCP, cases[i].socket, port);
        struct fixture b = fixture_ip(TRANSPORT_TCP, cases[i].by, port);
        struct socket *socket = made(&a, SOCKET_ALONE);
        struct socket_wanted wanted = fixture_want(&b);

        cr_expect_eq(socket_is_covered(socket, &wanted), cases[i].covered, "\"%s\" by \"%s\"",
                     cases[i].socket, cases[i].by);
        socket_free(socket, false);
    }
}

/* The same by its description when it was made, and by what the kernel says of it when it is inherited. */
Test(socket, inherited_is_what_it_was)
{
    static const char *const addresses[] = {"", "0.0.0.0", "::", "127.0.0.1", "::1"};

    for (size_t i = 0; i < 2 * sizeof(addresses) / sizeof(addresses[0]); i++) {
        enum transport transport = i % 2 ? TRANSPORT_TCP : TRANSPORT_UDP;
        struct fixture f = fixture_ip(transport, addresses[i / 2], fixture_free_port());
        struct socket *first = made(&f, SOCKET_ALONE), *again;

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
    struct socket *socket = made(&f, SOCKET_ALONE);

    cr_expect_leq(strlen(socket->label) + 1, 131072 / 8192 - 1);
    cr_expect_leq(strlen(socket_short_label(socket)), 4);
    socket_free(socket, false);
}

static int connected(enum transport transport, unsigned port)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = fixture_descriptor(AF_INET, transport_socket_type(transport));

    if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 &&
        (transport == TRANSPORT_TCP || send(fd, "x", 1, 0) == 1))
        return fd;
    close(fd);
    return -1;
}

static bool takes_one(const struct socket *socket)
{
    char byte;
    int fd;

    if (socket->transport == TRANSPORT_UDP)
        return recv(socket->fd, &byte, 1, MSG_DONTWAIT) == 1;
    fd = accept4(socket->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* A socket that goes keeps who is queued, and whoever comes then reaches the one that takes its place. */
Test(socket, a_retired_socket_keeps_its_queue_and_gets_nobody_new)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"", "127.0.0.1"}, {"127.0.0.1", ""}, {"", "0.0.0.0"}, {"0.0.0.0", ""}, {"127.0.0.1", "127.0.0.1"}};

    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        enum transport transport = i % 2 ? TRANSPORT_TCP : TRANSPORT_UDP;
        unsigned port = fixture_free_port();
        struct fixture a = fixture_ip(transport, cases[i / 2].before, port);
        struct fixture b = fixture_ip(transport, cases[i / 2].after, port);
        struct socket *old = made(&a, SOCKET_ALONE), *new;
        int queued, late;

        cr_assert_eq(socket_listen(old, &a.conf), 0);
        queued = connected(transport, port);
        cr_assert_geq(queued, 0);
        cr_assert_eq(socket_allow_sharing(old, true), 0);
        socket_retire(old);
        cr_expect(old->detached);
        cr_expect_not(matches(old, &a), "it cannot come back");
        new = made(&b, SOCKET_SHARED);
        cr_assert_eq(socket_listen(new, &b.conf), 0);
        late = connected(transport, port);
        cr_expect_geq(late, 0);
        cr_expect(takes_one(new), "%s", b.conf.address);
        cr_expect(takes_one(old), "%s", a.conf.address);
        cr_expect_not(takes_one(old));
        close(queued);
        close(late);
        socket_free(new, false);
        socket_free(old, false);
    }
}

Test(socket, what_systemd_owns_is_never_taken_out_of_the_way)
{
    unsigned port = fixture_free_port();
    struct fixture f = fixture_ip(TRANSPORT_TCP, "127.0.0.1", port);
    struct socket *own = made(&f, SOCKET_ALONE), *theirs = socket_inherit(dup(own->fd), "sockgreet.socket");
    int client;

    cr_assert_eq(socket_listen(own, &f.conf), 0);
    socket_retire(theirs);
    cr_expect(!theirs->detached && !theirs->filtered);
    client = connected(TRANSPORT_TCP, port);
    cr_expect_geq(client, 0, "a client still reaches the one that systemd has");
    close(client);
    socket_free(theirs, true);
    socket_free(own, false);
}

/* Any process that has a listening socket can shut it down for all. */
Test(socket, a_socket_that_was_shut_down_listens_again)
{
    struct fixture f = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct socket *socket = made(&f, SOCKET_ALONE);

    cr_assert_eq(socket_listen(socket, &f.conf), 0);
    cr_expect_not(socket_is_shut(socket));
    shutdown(socket->fd, SHUT_RD);
    cr_expect(socket_is_shut(socket));
    cr_expect_eq(socket_listen(socket, &f.conf), 0);
    cr_expect_not(socket_is_shut(socket));
    socket_free(socket, false);
}

Test(socket, interfaces_tell_sockets_apart)
{
    unsigned port = fixture_free_port();
    struct fixture none = fixture_ip(TRANSPORT_TCP, "", port), lo = none;
    struct socket *socket;

    lo.conf.interface = "lo";
    socket = made(&lo, SOCKET_ALONE);
    cr_expect_eq(socket->interface, if_nametoindex("lo"));
    cr_expect(matches(socket, &lo));
    cr_expect_not(matches(socket, &none));
    cr_expect_null(socket_trouble(socket));
    /* An interface that is gone was taken for none. */
    socket->interface = 0x7ffffff;
    cr_expect_not(matches(socket, &lo));
    cr_expect_not(matches(socket, &none));
    cr_expect_str_eq(socket_trouble(socket), "its interface is gone");
    lo.conf.interface = "nosuch0";
    socket->interface = 0;
    cr_expect_not(matches(socket, &lo));
    socket_free(socket, false);
}
