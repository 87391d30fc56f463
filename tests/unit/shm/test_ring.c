/* SPDX-License-Identifier: MIT */
#include "shm/ring.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPACITY 8
#define PASSED   200000

struct item {
    uint64_t value, check;
};

static struct ring new_ring(void)
{
    struct ring ring;
    void *memory = mmap(NULL, ring_memory(CAPACITY, sizeof(struct item)), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    cr_assert_neq(memory, MAP_FAILED);
    ring_attach(&ring, memory, CAPACITY, sizeof(struct item));
    return ring;
}

static bool push(const struct ring *ring, uint64_t value)
{
    struct item *item = ring_reserve(ring);

    if (!item)
        return false;
    *item = (struct item){value, ~value};
    ring_publish(ring);
    return true;
}

Test(ring, is_first_in_first_out)
{
    struct ring ring = new_ring();

    for (uint64_t i = 0; i < 5; i++)
        cr_assert(push(&ring, i));
    for (uint64_t i = 0; i < 5; i++) {
        const struct item *item = ring_peek(&ring);

        cr_assert_not_null(item);
        cr_assert_eq(item->value, i);
        ring_release(&ring);
    }
    cr_assert_null(ring_peek(&ring));
}

Test(ring, refuses_more_than_fits_and_goes_on_when_there_is_room)
{
    struct ring ring = new_ring();

    for (uint64_t i = 0; i < CAPACITY; i++)
        cr_assert(push(&ring, i));
    cr_assert(!push(&ring, 99));
    ring_release(&ring);
    cr_assert(push(&ring, 100));
    cr_assert_eq(ring_published(&ring), CAPACITY + 1);
    cr_assert_eq(ring_released(&ring), 1);
}

Test(ring, what_was_reserved_and_not_published_does_not_count)
{
    struct ring ring = new_ring();

    cr_assert_not_null(ring_reserve(&ring));
    cr_assert_null(ring_peek(&ring));
    cr_assert_eq(ring_published(&ring), 0);
}

Test(ring, takes_a_nonsensical_counter_of_the_other_side_as_full)
{
    struct ring ring = new_ring();

    atomic_store(&ring.state->released, 12345);
    cr_assert_null(ring_reserve(&ring));
}

Test(ring, outlives_the_process_that_filled_it)
{
    struct ring ring = new_ring();
    pid_t pid = fork();

    if (pid == 0) {
        push(&ring, 7);
        _exit(0);
    }
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    cr_assert_not_null(ring_peek(&ring));
    cr_assert_eq(((const struct item *)ring_peek(&ring))->value, 7);
}

static void *produce(void *argument)
{
    const struct ring *ring = argument;

    for (uint64_t i = 0; i < PASSED; i++)
        while (!push(ring, i))
            sched_yield();
    return NULL;
}

/* Run under ThreadSanitizer, this is where a missing barrier shows. */
Test(ring, passes_everything_once_and_in_order_between_threads)
{
    struct ring ring = new_ring();
    pthread_t producer;

    cr_assert_eq(pthread_create(&producer, NULL, produce, &ring), 0);
    for (uint64_t i = 0; i < PASSED; i++) {
        const struct item *item;

        while (!(item = ring_peek(&ring)))
            sched_yield();
        cr_assert_eq(item->value, i);
        cr_assert_eq(item->check, ~i);
        ring_release(&ring);
    }
    pthread_join(producer, NULL);
    cr_assert_null(ring_peek(&ring));
}
