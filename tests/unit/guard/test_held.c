/* SPDX-License-Identifier: MIT */
#include "guard/held.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define WORKERS 3
#define THREADS 4
#define TURNS   20000
#define MOST    5

#define CELLS 65536

static _Atomic uint16_t sketches[WORKERS * SHARED_HELD_ROWS * CELLS];

static struct held of_worker(unsigned worker)
{
    return (struct held){.all = sketches, .cells = CELLS, .workers = WORKERS, .own = worker};
}

static void open_sketches(void)
{
    memset(sketches, 0, sizeof(sketches));
}

/* As a hash that is as good as random has it. */
static uint64_t hash_of(uint64_t source)
{
    source = (source + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
    return (source ^ source >> 31) * 0x94d049bb133111eb;
}

Test(held, all_workers_count_together, .init = open_sketches)
{
    for (unsigned i = 0; i < MOST; i++) {
        struct held held = of_worker(i % WORKERS);

        cr_assert(held_take(&held, hash_of(1), MOST), "%u", i);
        cr_assert_eq(held_count(&held, hash_of(1)), i + 1);
        cr_assert_eq(held_count(&held, hash_of(2)), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        struct held held = of_worker(i);

        cr_assert_not(held_take(&held, hash_of(1), MOST));
        cr_assert(held_take(&held, hash_of(2), MOST), "another source");
    }
}

Test(held, who_goes_makes_room, .init = open_sketches)
{
    struct held held = of_worker(0);

    for (int turn = 0; turn < 100; turn++) {
        for (int i = 0; i < MOST; i++)
            cr_assert(held_take(&held, hash_of(7), MOST));
        for (int i = 0; i < 100; i++)
            cr_assert_not(held_take(&held, hash_of(7), MOST), "who is refused is not counted");
        for (int i = 0; i < MOST; i++)
            held_give_back(&held, hash_of(7));
    }
}

/* A worker that is killed gives nothing back. */
Test(held, a_successor_has_no_clients_yet, .init = open_sketches)
{
    struct held first = of_worker(0), second = of_worker(1);

    for (int i = 0; i < MOST - 1; i++)
        cr_assert(held_take(&first, hash_of(7), MOST));
    cr_assert(held_take(&second, hash_of(7), MOST));
    cr_assert_not(held_take(&second, hash_of(7), MOST));
    held_begin(&first);
    for (int i = 0; i < MOST - 1; i++)
        cr_assert(held_take(&second, hash_of(7), MOST));
    cr_assert_not(held_take(&first, hash_of(7), MOST), "what the other worker holds still counts");
}

/* As many clients as limits.connections allows by default, of sources that hold all they may: of those that
 * hold none hardly any is refused on their account, however few clients a source may have. */
static unsigned refused_beside(unsigned most)
{
    struct held held = of_worker(0);
    unsigned refused = 0;

    open_sketches();
    for (uint64_t source = 0; source < 10000 / most; source++)
        for (unsigned i = 0; i < most; i++)
            held_take(&held, hash_of(source), most);
    for (uint64_t source = 1000000; source < 1100000; source++) {
        if (held_take(&held, hash_of(source), most))
            held_give_back(&held, hash_of(source));
        else
            refused++;
    }
    return refused;
}

Test(held, others_are_not_refused)
{
    cr_assert_eq(held_cells(10000), CELLS);
    cr_assert_leq(refused_beside(1), 100, "one in a thousand");
    cr_assert_leq(refused_beside(2), 20);
    cr_assert_leq(refused_beside(5), 2);
    cr_assert_eq(refused_beside(50), 0);
}

Test(held, there_are_cells_for_all_clients)
{
    cr_assert_eq(held_cells(1), 16384);
    cr_assert_eq(held_cells(16385), 131072);
    cr_assert_eq(held_cells(1000000), 4194304);
}

static _Atomic int inside, most_inside;

static void *come_and_go(void *argument)
{
    struct held held = of_worker((unsigned)(uintptr_t)argument % WORKERS);
    static _Thread_local int taken;

    for (int i = 0; i < TURNS; i++) {
        if (held_take(&held, hash_of(7), MOST)) {
            int now = atomic_fetch_add(&inside, 1) + 1;

            taken++;
            while (now > atomic_load(&most_inside))
                atomic_store(&most_inside, now);
            atomic_fetch_sub(&inside, 1);
            held_give_back(&held, hash_of(7));
        }
    }
    return (void *)(uintptr_t)taken;
}

Test(held, threads_of_all_workers_never_hold_more, .init = open_sketches)
{
    pthread_t threads[WORKERS * THREADS];
    uintptr_t taken = 0;

    atomic_store(&inside, 0);
    atomic_store(&most_inside, 0);
    for (uintptr_t i = 0; i < WORKERS * THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, come_and_go, (void *)i), 0);
    for (size_t i = 0; i < WORKERS * THREADS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        taken += (uintptr_t)result;
    }
    cr_assert_leq(atomic_load(&most_inside), MOST);
    cr_assert_gt(taken, 0);
    for (size_t i = 0; i < sizeof(sketches) / sizeof(sketches[0]); i++)
        cr_assert_eq(atomic_load(&sketches[i]), 0);
}
