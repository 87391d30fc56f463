/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "shm/log_rate.h"

#include <criterion/criterion.h>
#include <pthread.h>

#define THREADS 4

static struct log_rate shared;

static unsigned take_all(struct log_rate_user *user, int64_t now)
{
    unsigned taken = 0;

    for (int i = 0; i < 1000; i++)
        taken += log_rate_take(user, now);
    return taken;
}

Test(log_rate, gives_as_many_permits_a_second_as_configured)
{
    struct log_rate rate = {0};
    struct log_rate_user user;

    log_rate_attach(&user, &rate, 300);
    cr_assert_eq(take_all(&user, 5 * NS_PER_S), 300);
    cr_assert_eq(take_all(&user, 6 * NS_PER_S - 1), 0);
    cr_assert_eq(take_all(&user, 6 * NS_PER_S), 300);
}

Test(log_rate, gives_none_at_zero)
{
    struct log_rate rate = {0};
    struct log_rate_user user;

    log_rate_attach(&user, &rate, 0);
    cr_assert_eq(take_all(&user, NS_PER_S), 0);
}

Test(log_rate, threads_share_one_allowance)
{
    struct log_rate rate = {0};
    struct log_rate_user a, b;

    log_rate_attach(&a, &rate, 10);
    log_rate_attach(&b, &rate, 10);
    for (int i = 0; i < 5; i++) {
        cr_assert(log_rate_take(&a, NS_PER_S));
        cr_assert(log_rate_take(&b, NS_PER_S));
    }
    cr_assert(!log_rate_take(&a, NS_PER_S));
    cr_assert(!log_rate_take(&b, NS_PER_S));
}

/* Threads read the clock at different moments: the one behind must not open an old second again. */
Test(log_rate, a_clock_that_is_behind_takes_from_the_newer_second)
{
    struct log_rate rate = {0};
    struct log_rate_user ahead, behind;

    log_rate_attach(&ahead, &rate, 10);
    log_rate_attach(&behind, &rate, 10);
    cr_assert_eq(take_all(&ahead, 2 * NS_PER_S), 10);
    cr_assert_eq(take_all(&behind, 2 * NS_PER_S - 1), 0);
}

static void *take_many(void *argument)
{
    struct log_rate_user user;

    (void)argument;
    log_rate_attach(&user, &shared, 500);
    return (void *)(uintptr_t)take_all(&user, 3 * NS_PER_S);
}

Test(log_rate, is_exact_between_threads)
{
    pthread_t threads[THREADS];
    uintptr_t total = 0;

    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_many, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        void *taken;

        cr_assert_eq(pthread_join(threads[i], &taken), 0);
        total += (uintptr_t)taken;
    }
    cr_assert_eq(total, 500);
}
