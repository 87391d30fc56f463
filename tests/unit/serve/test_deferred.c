/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "serve/deferred.h"

#include <criterion/criterion.h>
#include <sys/eventfd.h>

#define NOW  (1000 * NS_PER_S)
#define MANY 200

/* A watched eventfd, which is read when it is ready. */
struct bell {
    struct watch watch;
    int fd;
    unsigned calls;
};

static void hear(struct watch *watch, uint32_t events)
{
    struct bell *bell = CONTAINER_OF(watch, struct bell, watch);
    uint64_t count;

    cr_assert_eq(events, EPOLLIN);
    cr_assert_eq(read(bell->fd, &count, sizeof(count)), (ssize_t)sizeof(count));
    bell->calls++;
}

static void defer(struct deferred *deferred, struct bell *bell)
{
    *bell = (struct bell){.watch.ready = hear, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    cr_assert(deferred_watch(deferred, bell->fd, &bell->watch, NOW));
}

static void ring(const struct bell *bell)
{
    cr_assert_eq(write(bell->fd, &(uint64_t){1}, sizeof(uint64_t)), (ssize_t)sizeof(uint64_t));
}

static void leave(struct deferred *deferred, const struct bell *bell)
{
    close(bell->fd);
    deferred_removed(deferred);
}

Test(deferred, nothing_is_due_while_it_is_empty)
{
    struct deferred deferred;
    struct bell bell;

    cr_assert_eq(deferred_open(&deferred), 0);
    cr_assert_eq(deferred_next(&deferred), LOOP_NEVER);
    defer(&deferred, &bell);
    cr_assert_eq(deferred_next(&deferred), NOW + 2 * NS_PER_MS);
    leave(&deferred, &bell);
    cr_assert_eq(deferred_next(&deferred), LOOP_NEVER);
    deferred_read(&deferred, NOW);
    deferred_close(&deferred);
}

Test(deferred, reads_less_often_while_nothing_happens)
{
    static const int pauses[] = {4, 8, 16, 32, 64, 64, 64};
    struct deferred deferred;
    struct bell bell;

    cr_assert_eq(deferred_open(&deferred), 0);
    defer(&deferred, &bell);
    for (size_t i = 0; i < ARRAY_SIZE(pauses); i++) {
        deferred_read(&deferred, NOW);
        cr_assert_eq(deferred_next(&deferred), NOW + pauses[i] * NS_PER_MS, "reading %zu", i);
    }
    ring(&bell);
    deferred_read(&deferred, NOW);
    cr_assert_eq(bell.calls, 1);
    cr_assert_eq(deferred_next(&deferred), NOW + 2 * NS_PER_MS);
    deferred_close(&deferred);
    close(bell.fd);
}

/* The set is read in pieces; none is left for the next time. */
Test(deferred, calls_everybody_who_is_ready)
{
    struct deferred deferred;
    struct bell bells[MANY];

    cr_assert_eq(deferred_open(&deferred), 0);
    for (size_t i = 0; i < MANY; i++) {
        defer(&deferred, &bells[i]);
        if (i % 10)
            ring(&bells[i]);
    }
    deferred_read(&deferred, NOW);
    for (size_t i = 0; i < MANY; i++) {
        cr_assert_eq(bells[i].calls, i % 10 != 0, "%zu", i);
        leave(&deferred, &bells[i]);
    }
    cr_assert_eq(deferred.count, 0);
    deferred_close(&deferred);
}

/* One that comes does not put off the reading that others wait for. */
Test(deferred, another_one_does_not_change_when_it_is_read)
{
    struct deferred deferred;
    struct bell one, two;

    cr_assert_eq(deferred_open(&deferred), 0);
    defer(&deferred, &one);
    deferred_read(&deferred, NOW);
    defer(&deferred, &two);
    cr_assert_eq(deferred_next(&deferred), NOW + 4 * NS_PER_MS);
    leave(&deferred, &one);
    leave(&deferred, &two);
    deferred_close(&deferred);
}

Test(deferred, in_a_hurry_the_pause_does_not_grow)
{
    struct deferred deferred;
    struct bell bell;

    cr_assert_eq(deferred_open(&deferred), 0);
    defer(&deferred, &bell);
    for (int i = 0; i < 10; i++)
        deferred_read(&deferred, NOW);
    deferred_hurry(&deferred, NOW);
    cr_assert_eq(deferred_next(&deferred), NOW + 2 * NS_PER_MS);
    deferred_read(&deferred, NOW + NS_PER_S);
    deferred_read(&deferred, NOW + NS_PER_S);
    cr_assert_eq(deferred_next(&deferred), NOW + NS_PER_S + 2 * NS_PER_MS);
    leave(&deferred, &bell);
    deferred_close(&deferred);
}

Test(deferred, says_so_if_it_cannot_watch)
{
    struct watch watch = {.ready = hear};
    struct deferred deferred;

    cr_assert_eq(deferred_open(&deferred), 0);
    cr_assert_not(deferred_watch(&deferred, -1, &watch, NOW));
    cr_assert_eq(deferred.count, 0);
    deferred_close(&deferred);
}
