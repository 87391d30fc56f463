/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "shm/talkers.h"

#include <criterion/criterion.h>

#define NOW (1000 * NS_PER_S)

static struct peer_address host(uint8_t last, uint16_t port)
{
    return (struct peer_address){.family = AF_INET, .port = port, .ip = {192, 0, 2, last}};
}

static void add(struct talkers *talkers, uint8_t last, uint64_t count)
{
    struct peer_address source = host(last, (uint16_t)(1024 + count));

    talkers_add(talkers, &source, count);
}

Test(talkers, nobody_is_loudest_at_first)
{
    struct talkers talkers = {0};

    cr_assert_null(talkers_top(&talkers));
}

Test(talkers, counts_a_source_whatever_its_port)
{
    struct talkers talkers = {0};

    add(&talkers, 1, 1);
    add(&talkers, 2, 3);
    add(&talkers, 1, 5);
    cr_assert_eq(talkers.count, 9);
    cr_assert_eq(talkers_top(&talkers)->source.ip[3], 1);
    cr_assert_eq(talkers_top(&talkers)->source.port, 0);
    cr_assert_eq(talkers_top(&talkers)->count, 6);
}

/* A thousand others, each of whom is heard once, for each time that the loud one is heard. */
Test(talkers, the_loudest_is_found_among_many)
{
    struct talkers talkers = {0};

    for (int i = 0; i < 2000; i++) {
        add(&talkers, (uint8_t)(2 + i % 200), 1);
        add(&talkers, 1, 1);
    }
    cr_assert_eq(talkers.count, 4000);
    cr_assert_eq(talkers_top(&talkers)->source.ip[3], 1);
    cr_assert_geq(talkers_top(&talkers)->count, 2000, "never too small");
}

Test(talkers, what_is_handed_over_is_taken_once)
{
    struct talkers_board board = {0};
    struct talkers one = {0}, two = {0}, taken;

    cr_assert_not(talkers_hand_over(&one, &board, NOW), "there is nothing");
    cr_assert_not(talkers_take(&taken, &board, NS_PER_S, NOW));
    add(&one, 1, 10);
    add(&two, 1, 5);
    add(&two, 2, 12);
    cr_assert(talkers_hand_over(&one, &board, NOW));
    cr_assert(talkers_hand_over(&two, &board, NOW));
    cr_assert_eq(one.count, 0);
    cr_assert_null(talkers_top(&two));
    cr_assert(talkers_take(&taken, &board, NS_PER_S, NOW));
    cr_assert_eq(taken.count, 27);
    cr_assert_eq(talkers_top(&taken)->count, 15);
    cr_assert_not(talkers_take(&taken, &board, NS_PER_S, NOW + 2 * NS_PER_S));
}

Test(talkers, is_taken_once_in_an_interval)
{
    struct talkers_board board = {0};
    struct talkers one = {0}, taken;

    for (int second = 0; second < 90; second++) {
        add(&one, 1, 1);
        talkers_hand_over(&one, &board, NOW + second * NS_PER_S);
        cr_expect_eq(talkers_take(&taken, &board, 30 * NS_PER_S, NOW + second * NS_PER_S), second % 30 == 0);
    }
    cr_assert_eq(taken.count, 0);
}

/* Nobody waits for anybody: what cannot be handed over now stays. */
Test(talkers, a_board_in_use_is_left_alone)
{
    struct talkers_board board = {.used_since = NOW};
    struct talkers one = {0}, taken;

    add(&one, 1, 1);
    cr_assert_not(talkers_hand_over(&one, &board, NOW + NS_PER_S / 2));
    cr_assert_eq(one.count, 1);
    cr_assert_not(talkers_take(&taken, &board, 0, NOW + NS_PER_S / 2));
}

/* A worker was killed at it, or says that it uses it for ever. */
Test(talkers, a_board_whose_user_is_gone_is_used_again)
{
    struct talkers_board killed = {.used_since = NOW}, forged = {.used_since = NOW + 3600 * NS_PER_S};
    struct talkers one = {0};

    add(&one, 1, 1);
    cr_assert(talkers_hand_over(&one, &killed, NOW + NS_PER_S));
    add(&one, 1, 1);
    cr_assert(talkers_hand_over(&one, &forged, NOW));
    cr_assert_eq(killed.used_since, 0);
}
