/* SPDX-License-Identifier: MIT */
#include "net/detach.h"

#include "fixtures.h"
#include "net/match.h"

#include <criterion/criterion.h>

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

/* A detached socket keeps its queue. New clients reach the socket that takes its place. */
Test(detach, a_retired_socket_keeps_its_queue_and_gets_nobody_new)
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
        struct socket *old = fixture_socket(&a, SOCKET_ALONE), *new;
        struct wanted wanted = fixture_want(&a);
        int queued, late;

        cr_assert_eq(socket_listen(old, &a.conf), 0);
        queued = connected(transport, port);
        cr_assert_geq(queued, 0);
        cr_assert_eq(socket_share(old, true), 0);
        detach_socket(old);
        cr_expect(old->detached);
        cr_expect_not(match_same(old, &wanted), "it cannot come back");
        new = fixture_socket(&b, SOCKET_SHARED);
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

Test(detach, what_systemd_owns_is_never_taken_out_of_the_way)
{
    unsigned port = fixture_free_port();
    struct fixture f = fixture_ip(TRANSPORT_TCP, "127.0.0.1", port);
    struct socket *own = fixture_socket(&f, SOCKET_ALONE),
                  *theirs = socket_inherit(dup(own->fd), "sockgreet.socket");
    int client;

    cr_assert_eq(socket_listen(own, &f.conf), 0);
    detach_socket(theirs);
    cr_expect(!theirs->detached && !theirs->filtered);
    client = connected(TRANSPORT_TCP, port);
    cr_expect_geq(client, 0, "a client still reaches the one that systemd has");
    close(client);
    socket_free(theirs, true);
    socket_free(own, false);
}
