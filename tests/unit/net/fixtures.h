/* SPDX-License-Identifier: MIT */
/* fixtures: listeners without a configuration around them. */
#ifndef SOCKGREET_TEST_FIXTURES_H
#define SOCKGREET_TEST_FIXTURES_H

#include "net/socket.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* A listener with one endpoint; the caller sets what else it needs. */
struct fixture {
    struct conf_listener conf;
    struct conf_endpoint endpoint;
};

static inline int fixture_descriptor(int family, int type)
{
    return socket(family, type | SOCK_CLOEXEC, 0);
}

static inline bool fixture_port_is_free(int type, unsigned port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    int fd = fixture_descriptor(AF_INET6, type);
    bool is_free = fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0;

    close(fd);
    return is_free;
}

/* A port that nobody has on any address, and below those that the kernel gives to clients: a client that runs
 * beside the test could get one of these at any time. */
static inline unsigned fixture_free_port(void)
{
    unsigned port;

    do {
        if (getrandom(&port, sizeof(port), 0) != (ssize_t)sizeof(port))
            abort();
        port = 20000 + port % 12000;
    } while (!fixture_port_is_free(SOCK_STREAM, port) || !fixture_port_is_free(SOCK_DGRAM, port));
    return port;
}

/* address: "" for any of both families, "0.0.0.0", "::", "127.0.0.1" and so on. */
static const struct plan fixture_plan;

static inline struct fixture fixture_ip(enum transport transport, const char *address, unsigned port)
{
    struct fixture fixture = {.conf = {.name = "x",
                                       .plan = &fixture_plan,
                                       .transport = transport,
                                       .address = address,
                                       .interface = "",
                                       .backlog = 100,
                                       .shards = 1}};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
        address_set(&fixture.endpoint.address, (struct sockaddr *)&in, sizeof(in));
        return fixture;
    }
    inet_pton(AF_INET6, *address ? address : "::", &in6.sin6_addr);
    address_set(&fixture.endpoint.address, (struct sockaddr *)&in6, sizeof(in6));
    fixture.endpoint.dual_stack = !*address;
    return fixture;
}

static inline struct fixture fixture_path(enum transport transport, const char *path)
{
    struct fixture fixture = {.conf = {.name = "x",
                                       .plan = &fixture_plan,
                                       .transport = transport,
                                       .path = path,
                                       .interface = "",
                                       .backlog = 100,
                                       .group = "",
                                       .mode_bits = 0666,
                                       .owner_id = (uid_t)-1,
                                       .group_id = (gid_t)-1}};

    address_set_unix(&fixture.endpoint.address, path);
    return fixture;
}

static inline struct wanted fixture_want(const struct fixture *fixture)
{
    return wanted_make(&fixture->conf, &fixture->endpoint);
}

/* A bound socket. */
static inline struct socket *fixture_socket(const struct fixture *fixture, enum socket_sharing sharing)
{
    struct wanted wanted = fixture_want(fixture);
    struct socket *socket = NULL;
    const char *step = "";
    int error = socket_make(&wanted, sharing, &socket, &step);

    cr_assert_eq(error, 0, "cannot %s %s: %s", step, fixture->conf.address, strerror(-error));
    return socket;
}

/* A directory of the test's own. */
static inline const char *fixture_directory(void)
{
    static char path[32];

    strcpy(path, "/tmp/test_net.XXXXXX");
    return mkdtemp(path);
}

#endif
