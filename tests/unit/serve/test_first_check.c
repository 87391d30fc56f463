/* SPDX-License-Identifier: MIT */
/* When clients are checked, by a clock that a test moves. */
#include "base/util.h"
#include "serve/first_check.h"

#include <criterion/criterion.h>
#include <string.h>

#define WINDOW 64

static struct first_check check;
static struct timer clients[4 * WINDOW];
static unsigned next_client;
static int64_t now = 1000 * NS_PER_S;

/* Each client ends so long after its greeting. */
static int64_t stay;

static void due(void *context, struct timer *timer)
{
    bool stays = timer_started_at(timer) + stay > now;

    cr_assert_eq(context, &check);
    first_check_found(&check, timer, stays, now);
}

static void open_look(void)
{
    memset(&check, 0, sizeof(check));
    memset(clients, 0, sizeof(clients));
    next_client = 0;
    stay = 0;
    cr_assert_eq(first_check_open(&check, due), 0);
}

static int64_t delay(void)
{
    return check.list->duration;
}

static void greet(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        first_check_later(&check, &clients[next_client++ % ARRAY_SIZE(clients)], now);
}

static void pass(int64_t ns)
{
    now += ns;
    first_check_due(&check, now, &check);
}

/* Windows of clients, one after another, each as long as the delay is. */
static void serve(int windows)
{
    for (int i = 0; i < windows; i++) {
        greet(WINDOW);
        pass(delay() + NS_PER_MS);
    }
}

Test(first_check, who_is_due_is_looked_at_with_others)
{
    open_look();
    cr_assert_eq(first_check_next(&check), TIMERS_NEVER);
    greet(1);
    cr_assert_eq(first_check_next(&check), now + 4 * NS_PER_MS, "the alarm is late");
    pass(3 * NS_PER_MS - 1);
    cr_assert(timer_is_started(&clients[0]));
    greet(1);
    pass(1);
    cr_assert_not(timer_is_started(&clients[0]));
    cr_assert(timer_is_started(&clients[1]), "its time has not come");
    first_check_close(&check);
}

/* 64 clients of one generator took 2.4 ms each, so all were checked too soon: three system calls for
 * nothing. */
Test(first_check, is_later_where_clients_take_longer)
{
    open_look();
    stay = 10 * NS_PER_MS;
    serve(20);
    cr_assert_geq(delay(), 8 * NS_PER_MS, "now and then a shorter one is tried");
    cr_assert_lt(delay(), 16 * NS_PER_MS, "no later than it has to be");
    first_check_close(&check);
}

Test(first_check, is_sooner_again_where_they_are_quicker)
{
    open_look();
    stay = 30 * NS_PER_MS;
    serve(20);
    cr_assert_geq(delay(), 25 * NS_PER_MS);
    stay = NS_PER_MS;
    serve(60);
    cr_assert_eq(delay(), 2 * NS_PER_MS);
    first_check_close(&check);
}

Test(first_check, is_never_later_than_64_ms)
{
    open_look();
    stay = 5 * NS_PER_S;
    serve(40);
    cr_assert_eq(delay(), 64 * NS_PER_MS);
    first_check_close(&check);
}

/* A few that stay are no reason to look at all others later. */
Test(first_check, does_not_follow_a_few)
{
    open_look();
    for (int i = 0; i < 20; i++) {
        stay = NS_PER_MS;
        greet(WINDOW - 8);
        pass(3 * NS_PER_MS);
        stay = NS_PER_S;
        greet(8);
        pass(3 * NS_PER_MS);
    }
    cr_assert_eq(delay(), 2 * NS_PER_MS);
    first_check_close(&check);
}

/* Those who were greeted before a change of the delay would all find it wrong again, and it would jump from
 * one end to the other. */
Test(first_check, a_change_is_judged_by_those_whom_it_concerns)
{
    open_look();
    stay = 3 * NS_PER_MS + NS_PER_MS / 2;
    greet(4 * WINDOW);
    pass(3 * NS_PER_MS);
    cr_assert_eq(delay(), 3 * NS_PER_MS, "four windows, one change");
    first_check_close(&check);
}

/* Because of a full house: that says nothing about the delay. */
Test(first_check, before_its_time_does_not_count)
{
    open_look();
    stay = 10 * NS_PER_MS;
    greet(2 * WINDOW);
    for (int i = 0; i < 2 * WINDOW; i++)
        cr_assert(first_check_oldest(&check, &check));
    cr_assert_not(first_check_oldest(&check, &check));
    cr_assert_eq(delay(), 2 * NS_PER_MS);
    first_check_close(&check);
}

Test(first_check, in_a_hurry_all_are_looked_at_and_soon_from_then_on)
{
    open_look();
    stay = 30 * NS_PER_MS;
    serve(20);
    greet(3);
    first_check_hurry(&check, &check);
    cr_assert_eq(first_check_next(&check), TIMERS_NEVER);
    serve(3);
    cr_assert_eq(delay(), 2 * NS_PER_MS);
    first_check_close(&check);
}
