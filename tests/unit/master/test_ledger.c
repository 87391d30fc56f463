/* SPDX-License-Identifier: MIT */
#include "master/ledger.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 1024

/* A configuration whose listeners are called from PREFIX0 on. */
struct case_conf {
    struct conf conf;
    struct conf_listener listeners[MOST];
    char names[MOST][CONF_NAME_MAX + 1];
    uint16_t rows[MOST];
};

static struct case_conf *configure(const char *prefix, size_t count)
{
    struct case_conf *c = calloc(1, sizeof(*c));

    cr_assert_not_null(c);
    for (size_t i = 0; i < count; i++) {
        snprintf(c->names[i], sizeof(c->names[i]), "%s%zu", prefix, i);
        c->listeners[i].name = c->names[i];
    }
    c->conf.listeners = c->listeners;
    c->conf.listener_count = count;
    return c;
}

/* A generation that ended after each of its listeners had so many clients. */
static void live(struct ledger *ledger, struct case_conf *c, uint64_t clients)
{
    ledger_join(ledger, &c->conf, c->rows);
    for (size_t i = 0; i < c->conf.listener_count; i++)
        ledger_add(ledger, c->rows[i], &(struct tally){.taken = clients});
    ledger_leave(ledger, c->rows, c->conf.listener_count);
}

static struct metrics_listener *list(const struct ledger *ledger, size_t *count)
{
    static struct metrics_listener listeners[METRICS_LISTENERS];

    ledger_begin_sum(ledger);
    *count = ledger_list(ledger, listeners);
    return listeners;
}

/* Clients of a listener; -1 if there is none of this name. */
static long long clients(const struct ledger *ledger, const char *name)
{
    size_t count;
    const struct metrics_listener *listeners = list(ledger, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(listeners[i].name, name) == 0)
            return (long long)listeners[i].clients.taken;
    return -1;
}

static uint64_t all_clients(const struct ledger *ledger)
{
    size_t count;
    const struct metrics_listener *listeners = list(ledger, &count);
    uint64_t all = 0;

    for (size_t i = 0; i < count; i++)
        all += listeners[i].clients.taken;
    return all;
}

Test(ledger, a_listener_goes_on_counting_over_reloads_wherever_it_stands)
{
    struct case_conf *two = configure("l", 2), *one = configure("l", 1);
    struct ledger ledger;

    cr_assert_eq(ledger_open(&ledger), 0);
    two->listeners[0].name = "l1"; /* the other way round */
    two->listeners[1].name = "l0";
    live(&ledger, two, 5);
    live(&ledger, one, 3);
    cr_expect_eq(clients(&ledger, "l0"), 8);
    cr_expect_eq(clients(&ledger, "l1"), 5);
    cr_expect_eq(clients(&ledger, METRICS_GONE), -1);
    ledger_close(&ledger);
    free(two);
    free(one);
}

Test(ledger, another_transport_is_another_listener)
{
    struct case_conf *c = configure("l", 1);
    struct ledger ledger;
    size_t count;

    cr_assert_eq(ledger_open(&ledger), 0);
    live(&ledger, c, 1);
    c->listeners[0].transport = TRANSPORT_UDP;
    live(&ledger, c, 2);
    list(&ledger, &count);
    cr_expect_eq(count, 2);
    ledger_close(&ledger);
    free(c);
}

Test(ledger, what_generations_count_still_is_added_to_what_others_have)
{
    struct case_conf *old = configure("l", 1), *new = configure("l", 1);
    static struct metrics_listener listeners[METRICS_LISTENERS];
    struct ledger ledger;

    cr_assert_eq(ledger_open(&ledger), 0);
    live(&ledger, old, 5);
    ledger_join(&ledger, &new->conf, new->rows);
    ledger_begin_sum(&ledger);
    ledger_sum(&ledger, new->rows[0])->taken += 2;
    cr_expect_eq(ledger_list(&ledger, listeners), 1);
    cr_expect_eq(listeners[0].clients.taken, 7);
    cr_expect_eq(clients(&ledger, "l0"), 5, "each sum begins anew");
    ledger_close(&ledger);
    free(old);
    free(new);
}

Test(ledger, of_those_that_are_gone_the_last_keep_their_names_and_none_is_lost)
{
    struct ledger ledger;
    char name[16];

    cr_assert_eq(ledger_open(&ledger), 0);
    for (int i = 0; i < 100; i++) {
        struct case_conf *c;

        snprintf(name, sizeof(name), "g%dx", i);
        c = configure(name, 1);
        live(&ledger, c, 1);
        free(c);
    }
    cr_expect_eq(clients(&ledger, "g0x0"), -1);
    cr_expect_eq(clients(&ledger, "g35x0"), -1);
    cr_expect_eq(clients(&ledger, "g36x0"), 1);
    cr_expect_eq(clients(&ledger, "g99x0"), 1);
    cr_expect_eq(clients(&ledger, METRICS_GONE), 36);
    cr_expect_eq(all_clients(&ledger), 100);
    ledger_close(&ledger);
}

/* Generations that drain have as many listeners of other names as there may be. */
Test(ledger, without_room_for_a_name_its_clients_are_counted_all_the_same)
{
    struct case_conf *confs[4];
    struct ledger ledger;
    uint64_t before;

    cr_assert_eq(ledger_open(&ledger), 0);
    for (size_t i = 0; i < ARRAY_SIZE(confs); i++) {
        confs[i] = configure((const char *[]){"a", "b", "c", "d"}[i], MOST);
        ledger_join(&ledger, &confs[i]->conf, confs[i]->rows);
        for (size_t k = 0; k < MOST; k++)
            ledger_add(&ledger, confs[i]->rows[k], &(struct tally){.taken = 1});
    }
    cr_expect_eq(all_clients(&ledger), ARRAY_SIZE(confs) * MOST);
    cr_expect_eq(clients(&ledger, "a1023"), 1);
    cr_expect_eq(clients(&ledger, "b63"), 1);
    cr_expect_eq(clients(&ledger, "b64"), -1);
    for (size_t i = 0; i < ARRAY_SIZE(confs); i++) {
        before = (uint64_t)clients(&ledger, METRICS_GONE);
        ledger_leave(&ledger, confs[i]->rows, MOST);
        cr_expect_geq(clients(&ledger, METRICS_GONE), (long long)before);
        cr_expect_eq(all_clients(&ledger), ARRAY_SIZE(confs) * MOST);
        free(confs[i]);
    }
    ledger_close(&ledger);
}
