/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "serve/aside.h"

#include <criterion/criterion.h>
#include <sys/eventfd.h>

#define NOW  (1000 * NS_PER_S)
#define MANY 200

/* An eventfd set aside, which is read when something comes. */
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

static void set_aside(struct aside *aside, struct bell *bell)
{
    *bell = (struct bell){.watch.ready = hear, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    cr_assert(aside_watch(aside, bell->fd, &bell->watch, NOW));
}

static void ring(const struct bell *bell)
{
    cr_assert_eq(write(bell->fd, &(uint64_t){1}, sizeof(uint64_t)), (ssize_t)sizeof(uint64_t));
}

static void leave(struct aside *aside, const struct bell *bell)
{
    close(bell->fd);
    aside_left(aside);
}

Test(aside, nothing_is_due_while_it_is_empty)
{
    struct aside aside;
    struct bell bell;

    cr_assert_eq(aside_open(&aside), 0);
    cr_assert_eq(aside_next(&aside), LOOP_NEVER);
    set_aside(&aside, &bell);
    cr_assert_eq(aside_next(&aside), NOW + 2 * NS_PER_MS);
    leave(&aside, &bell);
    cr_assert_eq(aside_next(&aside), LOOP_NEVER);
    aside_read(&aside, NOW);
    aside_close(&aside);
}

Test(aside, reads_less_often_while_nothing_happens)
{
    static const int pauses[] = {4, 8, 16, 32, 64, 64, 64};
    struct aside aside;
    struct bell bell;

    cr_assert_eq(aside_open(&aside), 0);
    set_aside(&aside, &bell);
    for (size_t i = 0; i < ARRAY_SIZE(pauses); i++) {
        aside_read(&aside, NOW);
        cr_assert_eq(aside_next(&aside), NOW + pauses[i] * NS_PER_MS, "reading %zu", i);
    }
    ring(&bell);
    aside_read(&aside, NOW);
    cr_assert_eq(bell.calls, 1);
    cr_assert_eq(aside_next(&aside), NOW + 2 * NS_PER_MS);
    aside_close(&aside);
    close(bell.fd);
}

/* The set is read in pieces; none is left for the next time. */
Test(aside, calls_everybody_who_is_ready)
{
    struct aside aside;
    struct bell bells[MANY];

    cr_assert_eq(aside_open(&aside), 0);
    for (size_t i = 0; i < MANY; i++) {
        set_aside(&aside, &bells[i]);
        if (i % 10)
            ring(&bells[i]);
    }
    aside_read(&aside, NOW);
    for (size_t i = 0; i < MANY; i++) {
        cr_assert_eq(bells[i].calls, i % 10 != 0, "%zu", i);
        leave(&aside, &bells[i]);
    }
    cr_assert_eq(aside.count, 0);
    aside_close(&aside);
}

/* One that comes does not put off the reading that others wait for. */
Test(aside, another_one_does_not_change_when_it_is_read)
{
    struct aside aside;
    struct bell one, two;

    cr_assert_eq(aside_open(&aside), 0);
    set_aside(&aside, &one);
    aside_read(&aside, NOW);
    set_aside(&aside, &two);
    cr_assert_eq(aside_next(&aside), NOW + 4 * NS_PER_MS);
    leave(&aside, &one);
    leave(&aside, &two);
    aside_close(&aside);
}

Test(aside, in_a_hurry_the_pause_does_not_grow)
{
    struct aside aside;
    struct bell bell;

    cr_assert_eq(aside_open(&aside), 0);
    set_aside(&aside, &bell);
    for (int i = 0; i < 10; i++)
        aside_read(&aside, NOW);
    aside_hurry(&aside, NOW);
    cr_assert_eq(aside_next(&aside), NOW + 2 * NS_PER_MS);
    aside_read(&aside, NOW + NS_PER_S);
    aside_read(&aside, NOW + NS_PER_S);
    cr_assert_eq(aside_next(&aside), NOW + NS_PER_S + 2 * NS_PER_MS);
    leave(&aside, &bell);
    aside_close(&aside);
}

Test(aside, says_so_if_it_cannot_watch)
{
    struct watch watch = {.ready = hear};
    struct aside aside;

    cr_assert_eq(aside_open(&aside), 0);
    cr_assert_not(aside_watch(&aside, -1, &watch, NOW));
    cr_assert_eq(aside.count, 0);
    aside_close(&aside);
}
