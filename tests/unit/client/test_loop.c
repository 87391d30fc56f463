/* SPDX-License-Identifier: MIT */
#include "client/ask/loop.h"

#include "../random.h"
#include "base/util.h"

#include <criterion/criterion.h>
#include <unistd.h>

#define MANY 500

static struct loop loop;
static int calls;

static void open_loop(void)
{
    calls = 0;
    cr_assert_eq(loop_open(&loop), 0);
}

struct numbered {
    struct loop_timer timer;
    int64_t at_ns;
    bool called;
};

static int64_t last_ns;

static void take_due(void *context)
{
    struct numbered *numbered = context;

    cr_assert_not(numbered->called);
    cr_assert_geq(numbered->at_ns, last_ns);
    cr_assert_geq(monotonic_ns(), numbered->at_ns);
    numbered->called = true;
    last_ns = numbered->at_ns;
    calls++;
}

/* Of many timers in any order, some set again and some unset: each that is set is called once, in order. */
Test(loop, timers_in_order)
{
    static struct numbered timers[MANY];
    uint64_t seed = 7;
    int64_t begin = monotonic_ns();
    int expected = MANY - MANY / 10;

    open_loop();
    for (int i = 0; i < MANY; i++) {
        timers[i].timer = (struct loop_timer){.due = take_due, .context = &timers[i]};
        cr_assert(loop_set(&loop, &timers[i].timer, begin + NS_PER_S));
    }
    for (int i = 0; i < MANY; i++) {
        timers[i].at_ns = begin + (int64_t)(random_next(&seed) % 20) * NS_PER_MS;
        cr_assert(loop_set(&loop, &timers[i].timer, timers[i].at_ns));
    }
    for (int i = 0; i < MANY; i += 10)
        loop_unset(&loop, &timers[i].timer);
    loop_unset(&loop, &timers[0].timer); /* which does nothing to one that is not set */
    while (calls < expected)
        cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(loop.timer_count, 0);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(timers[i].called, i % 10 != 0);
    loop_close(&loop);
}

static struct loop_timer first, second;

static void count(void *context)
{
    (void)context;
    calls++;
}

static void unset_second(void *context)
{
    count(context);
    loop_unset(&loop, &second);
}

static void set_again(void *context)
{
    count(context);
    if (calls < 3)
        cr_assert(loop_set(&loop, &first, monotonic_ns()));
}

Test(loop, a_timer_that_another_unsets)
{
    open_loop();
    first = (struct loop_timer){.due = unset_second};
    second = (struct loop_timer){.due = count};
    cr_assert(loop_set(&loop, &second, 2));
    cr_assert(loop_set(&loop, &first, 1));
    cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(calls, 1);
    cr_assert_eq(loop.timer_count, 0);
    loop_close(&loop);
}

Test(loop, a_timer_that_sets_itself)
{
    open_loop();
    first = (struct loop_timer){.due = set_again};
    cr_assert(loop_set(&loop, &first, monotonic_ns()));
    while (loop.timer_count > 0)
        cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(calls, 3);
    loop_close(&loop);
}

static int pipes[2][2];
static struct loop_watch watches[2];

static void unwatch_other(void *context)
{
    int other = context == &watches[0] ? 1 : 0;

    calls++;
    loop_unwatch(&loop, pipes[other][0], &watches[other]);
}

/* Both are ready at once: whichever is called first takes away the other, which is not called any more. */
Test(loop, a_watch_that_another_takes_away)
{
    open_loop();
    for (int i = 0; i < 2; i++) {
        watches[i] = (struct loop_watch){.ready = unwatch_other, .context = &watches[i]};
        cr_assert_eq(pipe(pipes[i]), 0);
        cr_assert_eq(loop_watch(&loop, pipes[i][0], EPOLLIN, &watches[i]), 0);
        cr_assert_eq(write(pipes[i][1], "x", 1), 1);
    }
    cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(calls, 1);
    loop_close(&loop);
}

static void count_watch(void *context)
{
    (void)context;
    calls++;
}

Test(loop, other_events_of_a_descriptor)
{
    struct loop_watch watch = {.ready = count_watch};

    open_loop();
    cr_assert_eq(pipe(pipes[0]), 0);
    cr_assert_eq(loop_watch(&loop, pipes[0][1], EPOLLIN, &watch), 0); /* never readable */
    first = (struct loop_timer){.due = count};
    cr_assert(loop_set(&loop, &first, monotonic_ns()));
    cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(calls, 1);
    cr_assert_eq(loop_watch(&loop, pipes[0][1], EPOLLOUT, &watch), 0);
    cr_assert_eq(loop_turn(&loop), 0);
    cr_assert_eq(calls, 2);
    cr_assert_lt(loop_watch(&loop, -1, EPOLLIN, &watch), 0);
    loop_close(&loop);
}
