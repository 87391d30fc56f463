/* SPDX-License-Identifier: MIT */
#include "net/match.h"

#include "fixtures.h"

#include <criterion/criterion.h>
#include <errno.h>

static bool matches(const struct socket *socket, const struct fixture *fixture)
{
    struct wanted wanted = fixture_want(fixture);

    cr_assert(!match_same(socket, &wanted) || match_hash(socket) == match_wanted_hash(&wanted));
    return match_same(socket, &wanted);
}

/* What bind() says of two endpoints side by side, and what is said here without asking it. */
Test(match, overlap_is_what_the_kernel_says)
{
    static const char *const addresses[] = {"", "0.0.0.0", "::", "127.0.0.1", "127.0.0.2", "::1"};
    static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP};
    size_t count = sizeof(addresses) / sizeof(addresses[0]);

    for (size_t i = 0; i < 2 * count * count; i++) {
        unsigned port = fixture_free_port();
        enum transport transport = transports[i / (count * count)];
        struct fixture a = fixture_ip(transport, addresses[i / count % count], port);
        struct fixture b = fixture_ip(transport, addresses[i % count], port);
        struct socket *first = fixture_socket(&a, SOCKET_ALONE), *second = NULL;
        struct wanted wanted = fixture_want(&b);
        const char *step = "";
        int error;

        cr_assert_eq(socket_listen(first, &a.conf), 0);
        error = socket_make(&wanted, SOCKET_ALONE, &second, &step);
        cr_expect(error == 0 || error == -EADDRINUSE);
        cr_expect_eq(match_overlaps(first, &wanted), error != 0, "%s \"%s\" and \"%s\"",
                     transport_name(transport), a.conf.address, b.conf.address);
        cr_expect_eq(match_same(first, &wanted), strcmp(a.conf.address, b.conf.address) == 0);
        socket_free(second, false);
        if (error) { /* with SO_REUSEPORT it can be had all the same */
            cr_expect_eq(socket_share(first, true), 0);
            cr_expect_eq(socket_make(&wanted, SOCKET_SHARED, &second, &step), 0, "%s", step);
            socket_free(second, false);
        }
        socket_free(first, false);
    }
}

Test(match, covered_is_a_subset)
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
        struct socket *socket = fixture_socket(&a, SOCKET_ALONE);
        struct wanted wanted = fixture_want(&b);

        cr_expect_eq(match_is_covered(socket, &wanted), cases[i].covered, "\"%s\" by \"%s\"", cases[i].socket,
                     cases[i].by);
        socket_free(socket, false);
    }
}

Test(match, interfaces_tell_sockets_apart)
{
    unsigned port = fixture_free_port();
    struct fixture none = fixture_ip(TRANSPORT_TCP, "", port), lo = none;
    struct socket *socket;

    lo.conf.interface = "lo";
    socket = fixture_socket(&lo, SOCKET_ALONE);
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

/* Two listeners on one file, under two names, and the second removed the first one's socket. */
Test(match, a_file_by_two_names_is_one)
{
    const char *directory = fixture_directory();
    char path[64], link[64], names[3][64];
    struct fixture f, other;
    struct socket *socket;

    snprintf(path, sizeof(path), "%s/s", directory);
    snprintf(names[0], sizeof(names[0]), "%s//s", directory);
    snprintf(names[1], sizeof(names[1]), "%s/link/s", directory);
    snprintf(names[2], sizeof(names[2]), "%s/t", directory);
    snprintf(link, sizeof(link), "%s/link", directory);
    cr_assert_eq(symlink(directory, link), 0);
    f = fixture_path(TRANSPORT_UNIX, path);
    socket = fixture_socket(&f, SOCKET_ALONE);
    for (size_t i = 0; i < 3; i++) {
        struct wanted wanted;

        other = fixture_path(i % 2 ? TRANSPORT_UNIX : TRANSPORT_UNIX_DGRAM, names[i]);
        wanted = fixture_want(&other);
        cr_expect_eq(match_overlaps(socket, &wanted), i < 2, "%s", names[i]);
        cr_expect_not(match_same(socket, &wanted), "%s", names[i]);
    }
    socket_free(socket, false);
    unlink(link);
    rmdir(directory);
}

Test(match, abstract_names_are_apart_for_streams_and_datagrams)
{
    struct fixture stream = fixture_path(TRANSPORT_UNIX, "@test_match"), dgram = stream;
    struct socket *socket = fixture_socket(&stream, SOCKET_ALONE);
    struct wanted wanted = fixture_want(&stream);

    dgram.conf.transport = TRANSPORT_UNIX_DGRAM;
    cr_expect(match_same(socket, &wanted) && match_overlaps(socket, &wanted));
    wanted = fixture_want(&dgram);
    cr_expect(!match_same(socket, &wanted) && !match_overlaps(socket, &wanted));
    socket_free(socket, false);
}
