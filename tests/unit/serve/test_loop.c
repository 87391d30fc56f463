/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "serve/loop.h"

#include <criterion/criterion.h>
#include <sys/eventfd.h>

/* An eventfd and what came of it. */
struct bell {
    struct watch watch;
    int fd;
    unsigned calls;
    uint32_t events;
};

static void hear(struct watch *watch, uint32_t events)
{
    struct bell *bell = CONTAINER_OF(watch, struct bell, watch);

    bell->calls++;
    bell->events = events;
}

static struct bell bell_make(void)
{
    return (struct bell){.watch.ready = hear, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
}

static void ring(const struct bell *bell)
{
    cr_assert_eq(write(bell->fd, &(uint64_t){1}, sizeof(uint64_t)), (ssize_t)sizeof(uint64_t));
}

Test(loop, calls_whoever_is_ready_with_the_events)
{
    struct bell one = bell_make(), two = bell_make();
    struct loop loop;

    cr_assert_eq(loop_open(&loop), 0);
    cr_assert(loop_watch(&loop, one.fd, EPOLLIN, &one.watch));
    cr_assert(loop_watch(&loop, two.fd, EPOLLIN, &two.watch));
    ring(&two);
    loop_turn(&loop, LOOP_NEVER);
    cr_assert_eq(one.calls, 0);
    cr_assert_eq(two.calls, 1);
    cr_assert_eq(two.events, EPOLLIN);
    loop_close(&loop);
    close(one.fd);
    close(two.fd);
}

Test(loop, watches_for_other_events_after_a_change)
{
    struct bell bell = bell_make();
    struct loop loop;

    cr_assert_eq(loop_open(&loop), 0);
    cr_assert(loop_watch(&loop, bell.fd, EPOLLIN, &bell.watch));
    loop_turn(&loop, loop.now);
    cr_assert_eq(bell.calls, 0);
    cr_assert(loop_change(&loop, bell.fd, EPOLLOUT, &bell.watch));
    loop_turn(&loop, LOOP_NEVER);
    cr_assert_eq(bell.calls, 1);
    cr_assert_eq(bell.events, EPOLLOUT);
    loop_close(&loop);
    close(bell.fd);
}

Test(loop, forgets_who_is_not_watched_any_more)
{
    struct bell bell = bell_make();
    struct loop loop;

    cr_assert_eq(loop_open(&loop), 0);
    cr_assert(loop_watch(&loop, bell.fd, EPOLLIN, &bell.watch));
    ring(&bell);
    loop_unwatch(&loop, bell.fd);
    loop_turn(&loop, loop.now);
    cr_assert_eq(bell.calls, 0);
    loop_close(&loop);
    close(bell.fd);
}

Test(loop, waits_until_something_is_due)
{
    struct loop loop;
    int64_t due;

    cr_assert_eq(loop_open(&loop), 0);
    due = monotonic_ns() + 20 * NS_PER_MS;
    while (loop.now < due)
        loop_turn(&loop, due);
    cr_assert_geq(monotonic_ns(), due);
    cr_assert_eq(loop.alarm_at, LOOP_NEVER);
    loop_close(&loop);
}

Test(loop, does_not_wait_for_what_is_due_already)
{
    struct loop loop;

    cr_assert_eq(loop_open(&loop), 0);
    loop_turn(&loop, loop.now); /* or for ever */
    loop_turn(&loop, 0);
    cr_assert_eq(loop.alarm_at, LOOP_NEVER);
    loop_close(&loop);
}

Test(loop, sets_the_clock_once_in_a_turn)
{
    struct loop loop;
    int64_t before;

    cr_assert_eq(loop_open(&loop), 0);
    loop.now = 0;
    before = monotonic_ns();
    loop_turn(&loop, 0);
    cr_assert_geq(loop.now, before);
    cr_assert_leq(loop.now, monotonic_ns());
    loop_close(&loop);
}

/* One alarm stands for many deadlines: it is set again only if something is due before it. */
Test(loop, an_alarm_goes_off_before_anything_is_due)
{
    struct bell bell = bell_make();
    struct loop loop;
    int64_t first, due;

    cr_assert_eq(loop_open(&loop), 0);
    cr_assert(loop_watch(&loop, bell.fd, EPOLLIN, &bell.watch));
    ring(&bell);
    first = loop.now + 50 * NS_PER_MS;
    loop_turn(&loop, first);
    cr_assert_eq(loop.alarm_at, first);
    loop_turn(&loop, first + 50 * NS_PER_MS);
    cr_assert_eq(loop.alarm_at, first, "a later deadline needs no other alarm");
    due = loop.now + 20 * NS_PER_MS;
    loop_turn(&loop, due);
    cr_assert_leq(loop.alarm_at, due, "an earlier one does");
    loop_unwatch(&loop, bell.fd);
    while (loop.now < due)
        loop_turn(&loop, due);
    loop_close(&loop);
    close(bell.fd);
}

Test(loop, an_alarm_that_went_off_is_set_again)
{
    struct loop loop;

    cr_assert_eq(loop_open(&loop), 0);
    for (int i = 0; i < 3; i++) {
        int64_t due = loop.now + 5 * NS_PER_MS;

        while (loop.now < due)
            loop_turn(&loop, due);
    }
    loop_close(&loop);
}

/* A thread whose epoll_wait(2) failed called it again at once, for ever. */
Test(loop, sleeps_where_it_cannot_wait)
{
    struct loop loop;
    int64_t before = monotonic_ns();
    int epoll, failures = 0;

    cr_assert_eq(loop_open(&loop), 0);
    epoll = loop.epoll;
    loop.epoll = -1;
    while (loop_turn(&loop, LOOP_NEVER) == 0)
        cr_assert_lt(++failures, 1000);
    cr_assert_geq(monotonic_ns() - before, 50 * NS_PER_MS);
    cr_assert_eq(loop_turn(&loop, LOOP_NEVER), EBADF);
    loop.epoll = epoll;
    cr_assert_eq(loop_turn(&loop, loop.now), 0);
    loop.epoll = -1;
    cr_assert_eq(loop_turn(&loop, LOOP_NEVER), 0, "it counts from the beginning");
    loop.epoll = epoll;
    loop_close(&loop);
}
