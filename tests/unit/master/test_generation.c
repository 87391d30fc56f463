/* SPDX-License-Identifier: MIT */
#include "master/generation.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

/* A generation of one worker that was ready at the time 0, with one thread whose last heartbeat was at beat.
 */
static void one_worker(struct generation *generation, const struct conf *conf, int64_t beat)
{
    *generation = (struct generation){.conf = conf, .served = true};
    cr_assert_eq(shared_open(&generation->shared, NULL, &(struct shared_room){.workers = 1, .threads = 1}),
                 0);
    cr_assert_eq(slots_open(&generation->slots, 1, 0), 0);
    generation->slots.table[0].child.pid = 1;
    slot_started(&generation->slots.table[0], 0);
    slot_is_ready(&generation->slots.table[0], 0);
    atomic_store(&shared_thread(&generation->shared, 0, 0)->beat_at, beat);
}

static void close_worker(struct generation *generation)
{
    slots_close(&generation->slots);
    shared_close(&generation->shared);
}

/* A worker that was taken over can write another one's heartbeat. INT64_MAX overflowed, and had healthy
 * workers killed. */
Test(generation, a_heartbeat_from_the_future_counts_as_none)
{
    static const struct {
        int64_t beat, now;
        bool alive;
    } cases[] = {{0, NS_PER_S, true},
                 {0, 3 * NS_PER_S, false},
                 {2 * NS_PER_S, 3 * NS_PER_S, true},
                 {INT64_MAX, NS_PER_S, true},
                 {INT64_MAX, 3 * NS_PER_S, false},
                 {INT64_MAX - NS_PER_S, 3 * NS_PER_S, false},
                 {INT64_MIN, NS_PER_S, true}};
    struct conf conf = {.heartbeat_ns = NS_PER_S, .stuck_after = 2};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct generation generation;

        one_worker(&generation, &conf, cases[i].beat);
        cr_expect_eq(generation_is_alive(&generation, cases[i].now), cases[i].alive, "case %zu", i);
        close_worker(&generation);
    }
}

Test(generation, it_cannot_start_when_each_worker_has_failed_three_times)
{
    struct generation generation = {0};

    cr_assert_eq(slots_open(&generation.slots, 2, 0), 0);
    for (unsigned i = 0; i < 2 * START_TRIES; i++) {
        cr_expect_not(generation_cannot_start(&generation));
        slot_failed(&generation.slots.table[i % 2], 0);
    }
    cr_expect(generation_cannot_start(&generation));
    generation.served = true;
    cr_expect_not(generation_cannot_start(&generation), "it could once");
    slots_close(&generation.slots);
}
