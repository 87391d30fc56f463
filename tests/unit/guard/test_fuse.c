/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "guard/fuse.h"

#include <criterion/criterion.h>
#include <string.h>

#define WORDS 4096

static _Alignas(64) _Atomic uint64_t words[WORDS];
static const struct table table = {.words = words, .count = WORDS, .key = {{1, 2}}};
static int64_t now = 1000 * NS_PER_S;

static void set_up(void)
{
    memset((void *)words, 0, sizeof(words));
    now = 1000 * NS_PER_S;
}

static struct peer_address client(uint8_t host, uint16_t port)
{
    return (struct peer_address){.family = AF_INET, .port = port, .ip = {192, 0, 2, host}};
}

/* Asks so often, and returns how many were not answered. */
static unsigned refused(struct peer_address who, unsigned times, int64_t pause)
{
    unsigned count = 0;

    for (unsigned i = 0; i < times; i++) {
        count += !fuse_allows(&table, &who, now);
        now += pause;
    }
    return count;
}

/* Of two services with a fuse each, which answer in turn: how many answers one datagram brings about. */
static unsigned loop(struct peer_address one, struct peer_address two)
{
    unsigned answers = 0;

    while (answers < 10000 && fuse_allows(&table, answers % 2 ? &one : &two, now)) {
        answers++;
        now += NS_PER_US;
    }
    return answers;
}

Test(fuse, a_loop_dies_within_64_answers, .init = set_up)
{
    cr_assert_leq(loop(client(1, 7777), client(2, 12345)), 64);
    cr_assert_leq(loop(client(3, 13), client(4, 1024)), 64);
    cr_assert_leq(loop(client(5, 32767), client(6, 32767)), 64);
}

/* However far apart they are. */
Test(fuse, a_slow_loop_dies_as_well, .init = set_up)
{
    unsigned answers = 0;
    struct peer_address far = client(1, 7777);

    while (answers < 1000 && fuse_allows(&table, &far, now)) {
        answers++;
        now += 700 * NS_PER_MS; /* two ways over a satellite */
    }
    cr_assert_leq(answers, 32);
}

/* Whoever puts it on its feet again gets no more out of it the second time. */
Test(fuse, a_loop_that_is_begun_again_dies_again, .init = set_up)
{
    cr_assert_leq(loop(client(1, 7777), client(2, 12345)), 64);
    now += 3 * NS_PER_S;
    cr_assert_leq(loop(client(1, 7777), client(2, 12345)), 64);
}

Test(fuse, a_client_with_a_port_of_its_own_is_never_refused, .init = set_up)
{
    cr_assert_eq(refused(client(1, 32768), 100000, 100 * NS_PER_US), 0);
    cr_assert_eq(refused(client(1, 65535), 100000, 100 * NS_PER_US), 0);
}

/* Whose address translation gave it a port that services have. */
Test(fuse, a_client_that_looks_like_a_service_loses_one_in_200, .init = set_up)
{
    unsigned asked = 100000;

    cr_assert_leq(refused(client(1, 2000), asked, 100 * NS_PER_US), asked / 200);
}

Test(fuse, a_client_that_asks_now_and_then_is_never_refused, .init = set_up)
{
    cr_assert_eq(refused(client(1, 2000), 1000, 2100 * NS_PER_MS), 0);
}

Test(fuse, clients_are_counted_one_by_one, .init = set_up)
{
    for (uint16_t port = 1024; port < 1324; port++)
        cr_assert_eq(refused(client(1, port), 30, NS_PER_US), 0);
}

/* A thread reads its clock and is held up, while others go on. */
Test(fuse, clocks_of_threads_may_differ, .init = set_up)
{
    struct peer_address who = client(1, 7777);

    cr_assert_eq(refused(who, 20, NS_PER_US), 0);
    now -= 50 * NS_PER_MS;
    cr_assert_eq(refused(who, 11, NS_PER_US), 1);
}

/* 40 bits of microseconds are twelve days, so what is six days old looks as if it were to come. */
Test(fuse, what_was_counted_days_ago_is_over, .init = set_up)
{
    for (int day = 0; day < 14; day++) {
        cr_assert_eq(refused(client(1, 7777), 30, NS_PER_US), 0, "day %d", day);
        now += INT64_C(86400) * (day + 1) * NS_PER_S;
    }
}
