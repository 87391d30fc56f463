/* SPDX-License-Identifier: MIT */
#include "shm/ring.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
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

/* Whether the ring holds nothing for its reader. */
static bool is_empty(const struct ring *ring)
{
    uint64_t position;

    return ring_peek(ring, &position) == NULL;
}

/* Takes the oldest element, which must be there, and returns its value. */
static uint64_t take(const struct ring *ring)
{
    uint64_t position, value;
    const struct item *item = ring_peek(ring, &position);

    cr_assert_not_null(item);
    value = item->value;
    cr_assert(ring_release(ring, position));
    return value;
}

Test(ring, is_first_in_first_out)
{
    struct ring ring = new_ring();

    for (uint64_t i = 0; i < 5; i++)
        cr_assert(push(&ring, i));
    for (uint64_t i = 0; i < 5; i++)
        cr_assert_eq(take(&ring), i);
    cr_assert(is_empty(&ring));
}

Test(ring, refuses_more_than_fits_and_goes_on_when_there_is_room)
{
    struct ring ring = new_ring();

    for (uint64_t i = 0; i < CAPACITY; i++)
        cr_assert(push(&ring, i));
    cr_assert(!push(&ring, 99));
    take(&ring);
    cr_assert(push(&ring, 100));
    cr_assert_eq(ring_published(&ring), CAPACITY + 1);
    cr_assert_eq(ring_released(&ring), 1);
}

Test(ring, what_was_reserved_and_not_published_does_not_count)
{
    struct ring ring = new_ring();

    cr_assert_not_null(ring_reserve(&ring));
    cr_assert(is_empty(&ring));
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
    cr_assert_eq(take(&ring), 7);
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
        uint64_t position;

        while (!(item = ring_peek(&ring, &position)))
            sched_yield();
        cr_assert_eq(item->value, i);
        cr_assert_eq(item->check, ~i);
        cr_assert(ring_release(&ring, position));
    }
    pthread_join(producer, NULL);
    cr_assert(is_empty(&ring));
}

/* After a reload the master named a new reader while the old one stood between peek and release. Both
 * released; then released was ahead of published: for the readers something was there for ever, 72 513 stale
 * lines in 0.7 s, and for the master there was no room. */
Test(ring, what_two_readers_have_read_is_released_once)
{
    struct ring ring = new_ring();
    uint64_t old, new;

    push(&ring, 1);
    cr_assert_not_null(ring_peek(&ring, &old));
    cr_assert_not_null(ring_peek(&ring, &new));
    cr_assert(ring_release(&ring, new));
    cr_assert_not(ring_holds(&ring, old));
    cr_assert_not(ring_release(&ring, old));
    cr_assert(is_empty(&ring));
    for (uint64_t i = 0; i < CAPACITY; i++)
        cr_assert(push(&ring, i));
    cr_assert_not(ring_release(&ring, old), "one of a round before");
    cr_assert_eq(take(&ring), 0);
}

struct reader {
    const struct ring *ring;
    _Atomic bool *over;
    uint64_t released, torn;
};

/* The other reader may have released it, and the producer may write there: ring_holds() says so. */
__attribute__((no_sanitize("thread"))) static struct item copy(const struct item *item)
{
    return (struct item){*(const volatile uint64_t *)&item->value, *(const volatile uint64_t *)&item->check};
}

static void *consume(void *argument)
{
    struct reader *reader = argument;

    while (!atomic_load(reader->over) || !is_empty(reader->ring)) {
        uint64_t position;
        const struct item *item = ring_peek(reader->ring, &position);
        struct item copied;

        if (!item) {
            sched_yield();
            continue;
        }
        copied = copy(item);
        if (!ring_holds(reader->ring, position))
            continue;
        reader->torn += copied.check != ~copied.value || copied.value != position;
        reader->released += ring_release(reader->ring, position);
    }
    return NULL;
}

Test(ring, two_readers_at_once_take_each_element_whole_and_once)
{
    struct ring ring = new_ring();
    _Atomic bool over = false;
    struct reader readers[2] = {{.ring = &ring, .over = &over}, {.ring = &ring, .over = &over}};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, consume, &readers[i]), 0);
    produce(&ring);
    atomic_store(&over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_expect_eq(readers[0].released + readers[1].released, PASSED);
    cr_expect_eq(readers[0].torn + readers[1].torn, 0);
    cr_expect_eq(ring_released(&ring), PASSED);
}

/* A worker that was taken over wrote a position far ahead, and other workers' loggers wrote 200 MB of what
 * had been in the ring long ago. */
Test(ring, one_that_claims_more_than_fits_holds_nothing_and_is_mended)
{
    struct ring ring = new_ring();

    for (uint64_t i = 0; i < 3; i++)
        push(&ring, i);
    cr_assert_not(ring_repair(&ring));
    atomic_store(&ring.state->published, UINT64_C(1) << 40);
    cr_assert(is_empty(&ring));
    cr_assert(ring_repair(&ring));
    cr_assert_not(ring_repair(&ring));
    cr_assert(is_empty(&ring));
    cr_assert(push(&ring, 7));
    cr_assert_eq(take(&ring), 7);
}

Test(ring, one_whose_reader_is_ahead_holds_nothing_and_is_mended)
{
    struct ring ring = new_ring();

    push(&ring, 1);
    atomic_store(&ring.state->released, 12345);
    cr_assert(is_empty(&ring));
    cr_assert(ring_repair(&ring));
    cr_assert(push(&ring, 7));
    cr_assert_eq(take(&ring), 7);
}

Test(ring, a_full_one_is_right)
{
    struct ring ring = new_ring();

    for (uint64_t i = 0; i < CAPACITY; i++)
        push(&ring, i);
    cr_assert_not(ring_repair(&ring));
    cr_assert_eq(take(&ring), 0);
}
