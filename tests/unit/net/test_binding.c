/* SPDX-License-Identifier: MIT */
#include "net/binding.h"

#include "base/sanitizer.h"
#include "base/util.h"
#include "fixtures.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/resource.h>

#define MANY_LISTENERS 1024
#define MANY_SHARDS    8

#if defined(SANITIZER_ADDRESS) || defined(SANITIZER_THREAD)
#define SLOWNESS 5
#else
#define SLOWNESS 1
#endif

static struct registry registry;
static struct message reason;

/* A configuration of these listeners; all share the first one's port if they say 0. */
static struct conf configured(const struct conf_listener *listeners, size_t count)
{
    return (struct conf){.listeners = listeners, .listener_count = count};
}

static struct conf_listener one_listener(struct fixture *fixture)
{
    fixture->conf.endpoints = &fixture->endpoint;
    fixture->conf.endpoint_count = 1;
    return fixture->conf;
}

Test(binding, generations_share_what_is_the_same)
{
    struct fixture f = fixture_ip(TRANSPORT_UDP, "127.0.0.1", fixture_free_port());
    struct conf_listener listener = one_listener(&f);
    struct conf conf = configured(&listener, 1);
    struct sockets first, second;

    listener.shards = 3;
    cr_assert_eq(binding_open(&first, &registry, &conf, &reason), 0);
    cr_assert_eq(binding_open(&second, &registry, &conf, &reason), 0);
    cr_expect(first.count == 3 && second.count == 3 && registry.count == 3);
    sockets_close(&first, false);
    cr_expect_eq(registry.count, 3);
    sockets_close(&second, false);
    cr_expect_eq(registry.count, 0);
}

/* With shards lowered and a restart more sockets were adopted than there was room for. */
Test(binding, inherited_shards_of_another_number)
{
    static const unsigned numbers[][2] = {{4, 1}, {8, 2}, {1, 4}, {3, 3}};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct fixture f = fixture_ip(TRANSPORT_UDP, "127.0.0.1", fixture_free_port());
        struct conf_listener listener = one_listener(&f);
        struct conf conf = configured(&listener, 1);
        struct sockets first, second, leftover;
        struct message unwanted = {0};

        listener.shards = numbers[i][0];
        cr_assert_eq(binding_open(&first, &registry, &conf, &reason), 0);
        for (size_t j = 0; j < first.count; j++)
            first.members[j].socket->inherited = true;
        sockets_close(&first, true);
        listener.shards = numbers[i][1];
        cr_assert_eq(binding_open(&second, &registry, &conf, &reason), 0);
        cr_expect_eq(second.count, numbers[i][1]);
        binding_open_leftover(&leftover, &second);
        cr_expect_eq(leftover.count, numbers[i][0] > numbers[i][1] ? numbers[i][0] - numbers[i][1] : 0);
        registry_drop_unclaimed(&registry, &unwanted);
        sockets_close(&leftover, false);
        cr_expect_eq(registry.count, numbers[i][1]);
        sockets_close(&second, false);
        cr_expect_eq(registry.count, 0);
    }
}

Test(binding, a_failure_changes_nothing)
{
    struct fixture good = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct fixture taken = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct conf_listener listeners[] = {one_listener(&good), one_listener(&taken)};
    struct conf conf = configured(listeners, 2);
    struct sockets sockets;
    char expected[128];
    int theirs = fixture_descriptor(AF_INET, SOCK_STREAM);

    cr_assert_eq(bind(theirs, &taken.endpoint.address.sa, taken.endpoint.address.length), 0);
    cr_assert_eq(listen(theirs, 1), 0);
    cr_assert_eq(binding_open(&sockets, &registry, &conf, &reason), -EADDRINUSE);
    cr_expect_eq(registry.count, 0);
    cr_expect_eq(sockets.count, 0);
    snprintf(expected, sizeof(expected), "cannot bind 127.0.0.1:%u (address already in use)",
             address_port(&taken.endpoint.address));
    cr_expect_str_eq(reason.text, expected);
    close(theirs);
    cr_assert_eq(binding_open(&sockets, &registry, &conf, &reason), 0);
    sockets_close(&sockets, false);
}

/* The port of a socket that others were to be bound beside stayed open to every program of this user. */
Test(binding, a_refused_change_leaves_the_port_to_us_alone)
{
    unsigned port = fixture_free_port();
    struct fixture any = fixture_ip(TRANSPORT_TCP, "0.0.0.0", port);
    struct fixture narrow = fixture_ip(TRANSPORT_TCP, "127.0.0.1", port);
    struct fixture bad = fixture_path(TRANSPORT_UNIX, "/nonexistent/directory/s");
    struct conf_listener before[] = {one_listener(&any)};
    struct conf_listener after[] = {one_listener(&narrow), one_listener(&bad)};
    struct conf first = configured(before, 1), second = configured(after, 2);
    struct sockets serving, refused;
    int shared = -1;

    cr_assert_eq(binding_open(&serving, &registry, &first, &reason), 0);
    cr_assert_eq(binding_open(&refused, &registry, &second, &reason), -ENOENT);
    getsockopt(serving.members[0].socket->fd, SOL_SOCKET, SO_REUSEPORT, &shared,
               &(socklen_t){sizeof(shared)});
    cr_expect_eq(shared, 0);
    cr_expect_eq(registry.count, 1);
    sockets_close(&serving, false);
}

/* The second listener took the first one's file for that of a dead server, and removed it. */
Test(binding, one_file_by_two_names_is_refused)
{
    const char *directory = fixture_directory();
    char path[64], same[64], expected[128];
    struct fixture one, two;
    struct conf_listener listeners[2];
    struct conf conf = configured(listeners, 2);
    struct sockets sockets;

    snprintf(path, sizeof(path), "%s/s", directory);
    snprintf(same, sizeof(same), "%s//s", directory);
    one = fixture_path(TRANSPORT_UNIX, path);
    two = fixture_path(TRANSPORT_UNIX, same);
    listeners[0] = one_listener(&one);
    listeners[1] = one_listener(&two);
    cr_assert_eq(binding_open(&sockets, &registry, &conf, &reason), -EADDRINUSE);
    snprintf(expected, sizeof(expected), "cannot bind %s (address already in use)", same);
    cr_expect_str_eq(reason.text, expected);
    cr_expect_lt(access(path, F_OK), 0, "nothing is left");
    /* One after the other is a change like any other. */
    conf.listener_count = 1;
    cr_assert_eq(binding_open(&sockets, &registry, &conf, &reason), 0);
    conf = configured(&listeners[1], 1);
    {
        struct sockets renamed;

        cr_assert_eq(binding_open(&renamed, &registry, &conf, &reason), 0, "%s", reason.text);
        cr_assert_eq(sockets_publish(&renamed), 0);
        sockets_close(&sockets, false);
        cr_expect(
            path_is_there(&renamed.members[0].socket->address, false, &renamed.members[0].socket->file));
        sockets_close(&renamed, false);
    }
    cr_expect_eq(rmdir(directory), 0, "nothing is left");
}

Test(binding, an_optional_listener_may_be_missing)
{
    struct fixture good = fixture_ip(TRANSPORT_TCP, "127.0.0.1", fixture_free_port());
    struct fixture path = fixture_path(TRANSPORT_UNIX, "/nonexistent/directory/s");
    struct conf_listener listeners[] = {one_listener(&good), one_listener(&path)};
    struct conf conf = configured(listeners, 2);
    struct sockets sockets;

    listeners[1].optional = true;
    cr_assert_eq(binding_open(&sockets, &registry, &conf, &reason), 0, "%s", reason.text);
    cr_expect_eq(sockets.count, 1);
    sockets_close(&sockets, false);
}

static int64_t processor_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Every socket was compared with every other by system calls: 2048 took 1.1 s of the master's time. */
Test(binding, many_are_opened_again_in_no_time)
{
    static struct fixture fixtures[MANY_LISTENERS];
    static struct conf_listener listeners[MANY_LISTENERS];
    struct rlimit limit;
    struct conf conf = configured(listeners, MANY_LISTENERS);
    struct sockets first, second;
    unsigned port = fixture_free_port();
    int64_t began, took;
    _Atomic bool *retired = calloc(MANY_LISTENERS * MANY_SHARDS, sizeof(*retired));

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < MANY_LISTENERS * MANY_SHARDS + 100)
        cr_skip_test("the limit on descriptors is too low");
    for (unsigned i = 0; i < MANY_LISTENERS; i++) { /* on one port, which is the worst case */
        char address[32];

        snprintf(address, sizeof(address), "127.1.%u.%u", i / 250, i % 250 + 1);
        fixtures[i] = fixture_ip(TRANSPORT_UDP, address, port);
        listeners[i] = one_listener(&fixtures[i]);
        listeners[i].shards = MANY_SHARDS;
    }
    cr_assert_eq(binding_open(&first, &registry, &conf, &reason), 0, "%s", reason.text);
    cr_expect_eq(first.count, MANY_LISTENERS * MANY_SHARDS);
    began = processor_ns();
    cr_assert_eq(binding_open(&second, &registry, &conf, &reason), 0);
    sockets_apply_conf(&second);
    sockets_retire(&first, &second, retired);
    sockets_close(&first, false);
    took = processor_ns() - began;
    cr_log_info("%u sockets again in %.3f s", MANY_LISTENERS * MANY_SHARDS, (double)took / NS_PER_S);
    cr_expect_lt(took, SLOWNESS * 300 * NS_PER_MS, "%.3f s", (double)took / NS_PER_S);
    sockets_close(&second, false);
    free((void *)retired);
}
