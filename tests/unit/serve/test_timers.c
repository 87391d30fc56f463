/* SPDX-License-Identifier: MIT */
#include "serve/timers.h"

#include "../random.h"

#include <criterion/criterion.h>
#include <string.h>

#define TIMERS 50

static int expired_count;
static struct timer *last_expired;

static void note(void *context, struct timer *timer)
{
    cr_assert_eq(context, &expired_count);
    expired_count++;
    last_expired = timer;
}

static void other(void *context, struct timer *timer)
{
    note(context, timer);
}

static struct timers new_timers(void)
{
    struct timers timers;

    expired_count = 0;
    last_expired = NULL;
    cr_assert_eq(timers_open(&timers, 4), 0);
    return timers;
}

Test(timers, expire_at_their_deadline_and_not_before)
{
    struct timers timers = new_timers();
    struct timer timer = {0};

    timer_start(&timer, timers_list(&timers, 10, note, NULL), 100);
    cr_assert_eq(timers_next(&timers), 110);
    timers_expire(&timers, 109, &expired_count);
    cr_assert_eq(expired_count, 0);
    timers_expire(&timers, 110, &expired_count);
    cr_assert_eq(expired_count, 1);
    cr_assert_eq(last_expired, &timer);
    cr_assert_eq(timers_next(&timers), TIMERS_NEVER);
    timers_close(&timers);
}

Test(timers, stopping_twice_or_unstarted_does_nothing)
{
    struct timers timers = new_timers();
    struct timer timer = {0};

    timer_stop(&timer);
    timer_start(&timer, timers_list(&timers, 10, note, NULL), 0);
    timer_stop(&timer);
    timer_stop(&timer);
    timers_expire(&timers, 1000, &expired_count);
    cr_assert_eq(expired_count, 0);
    timers_close(&timers);
}

Test(timers, starting_again_postpones)
{
    struct timers timers = new_timers();
    struct timer_list *list = timers_list(&timers, 10, note, NULL);
    struct timer a = {0}, b = {0};

    timer_start(&a, list, 0);
    timer_start(&b, list, 1);
    timer_start(&a, list, 5);
    cr_assert_eq(timers_next(&timers), 11);
    timers_expire(&timers, 11, &expired_count);
    cr_assert_eq(last_expired, &b);
    timers_expire(&timers, 15, &expired_count);
    cr_assert_eq(last_expired, &a);
    timers_close(&timers);
}

Test(timers, share_a_list_only_with_the_same_duration_and_callback)
{
    struct timers timers = new_timers();

    cr_assert_eq(timers_list(&timers, 10, note, NULL), timers_list(&timers, 10, note, NULL));
    cr_assert_neq(timers_list(&timers, 10, note, NULL), timers_list(&timers, 11, note, NULL));
    cr_assert_neq(timers_list(&timers, 10, note, NULL), timers_list(&timers, 10, other, NULL));
    timers_close(&timers);
}

/* The same as a naive array of deadlines would do. */
Test(timers, agree_with_a_naive_model)
{
    struct timers timers = new_timers();
    struct timer_list *lists[] = {timers_list(&timers, 3, note, NULL), timers_list(&timers, 17, note, NULL)};
    struct timer timer[TIMERS];
    int64_t deadline[TIMERS], now = 0;
    uint64_t state = random_seed();

    memset(timer, 0, sizeof(timer));
    for (int i = 0; i < TIMERS; i++)
        deadline[i] = TIMERS_NEVER;
    for (int step = 0; step < 20000; step++) {
        int which = (int)(random_next(&state) % TIMERS), before = expired_count, due = 0;
        struct timer_list *list = lists[random_next(&state) % 2];
        int64_t next = TIMERS_NEVER;

        now += (int64_t)(random_next(&state) % 3);
        if (random_next(&state) % 4) {
            timer_start(&timer[which], list, now);
            deadline[which] = now + list->duration;
        } else {
            timer_stop(&timer[which]);
            deadline[which] = TIMERS_NEVER;
        }
        for (int i = 0; i < TIMERS; i++)
            if (deadline[i] <= now) {
                due++;
                deadline[i] = TIMERS_NEVER;
            } else if (deadline[i] < next) {
                next = deadline[i];
            }
        timers_expire(&timers, now, &expired_count);
        cr_assert_eq(expired_count - before, due);
        cr_assert_eq(timers_next(&timers), next);
    }
    timers_close(&timers);
}
