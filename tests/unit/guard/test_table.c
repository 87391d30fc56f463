/* SPDX-License-Identifier: MIT */
#include "guard/table.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define WORDS   4096
#define NOW     UINT64_C(5000000000)
#define THREADS 4
#define ROUNDS  20000

static _Alignas(64) _Atomic uint64_t words[WORDS];
static const struct table table = {.words = words, .count = WORDS, .key = {{1, 2}}};

static void set_up(void)
{
    memset((void *)words, 0, sizeof(words));
}

struct update {
    uint64_t before; /* what was found */
    uint64_t value;  /* what is kept */
};

static uint64_t renew(uint64_t before, uint64_t now, void *context)
{
    struct update *update = context;

    (void)now;
    update->before = before;
    return update->value;
}

/* Keeps a value for a source and returns the one before. */
static uint64_t keep(uint64_t source, uint64_t value, uint64_t now)
{
    struct update update = {.value = value};

    table_update(&table, table_hash(&table, &source, sizeof(source)), now, renew, &update);
    return update.before;
}

Test(table, keeps_a_value_for_each_source, .init = set_up)
{
    for (uint64_t source = 0; source < 100; source++)
        cr_assert_eq(keep(source, NOW + source, NOW), TABLE_NONE);
    for (uint64_t source = 0; source < 100; source++)
        cr_assert_eq(keep(source, NOW, NOW), NOW + source);
}

/* Of as many as there are places nine in ten are found again: buckets fill unevenly. */
Test(table, has_room_for_many, .init = set_up)
{
    unsigned found = 0;

    for (uint64_t source = 0; source < WORDS / 2; source++)
        keep(source, NOW + source, NOW);
    for (uint64_t source = 0; source < WORDS / 2; source++)
        found += keep(source, NOW, NOW) == NOW + source;
    cr_assert_gt(found, WORDS / 2 * 9 / 10);
}

/* The flood of a million sources that are seen once each. */
Test(table, who_is_ahead_outlives_who_is_past, .init = set_up)
{
    for (uint64_t source = 0; source < 100; source++)
        keep(source, NOW + 1000000, NOW);
    for (uint64_t source = 1000; source < 1000000; source++)
        keep(source, NOW - 1, NOW);
    for (uint64_t source = 0; source < 100; source++)
        cr_assert_eq(keep(source, NOW + 1000000, NOW), NOW + 1000000);
}

/* 40 bits are twelve days of microseconds. */
Test(table, the_clock_may_wrap, .init = set_up)
{
    uint64_t before = TABLE_VALUE_MASK - 5, after = TABLE_VALUE_MASK + 10;

    cr_assert_eq(table_ahead(before, before), 0);
    cr_assert_eq(table_ahead(before & TABLE_VALUE_MASK, after), -15);
    cr_assert_eq(table_ahead(after & TABLE_VALUE_MASK, before), 15);
    keep(1, before, before);
    for (uint64_t source = 1000; source < 200000; source++)
        keep(source, after - 1000, after);
    cr_assert_eq(keep(1, after, after), before, "it was later than those that came for its place");
}

/* Or it would look as if it were far in the future, and keep its place for days. */
Test(table, what_is_days_old_gives_way_first, .init = set_up)
{
    const uint64_t week = UINT64_C(7) * 24 * 3600 * 1000000;
    unsigned left = 0;

    for (uint64_t source = 0; source < 4 * WORDS; source++)
        keep(source, NOW, NOW);
    for (uint64_t source = 100000; source < 100000 + 20 * WORDS; source++)
        keep(source, NOW + week, NOW + week);
    for (size_t i = 0; i < WORDS; i++)
        left += (words[i] & TABLE_VALUE_MASK) == NOW;
    cr_assert_eq(left, 0);
}

static uint64_t count(uint64_t before, uint64_t now, void *context)
{
    (void)context;
    return before == TABLE_NONE ? now + 1 : before + 1;
}

static void *count_often(void *unused)
{
    uint64_t source = 7;

    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        table_update(&table, table_hash(&table, &source, sizeof(source)), NOW, count, NULL);
    return NULL;
}

Test(table, no_update_is_lost_between_threads, .init = set_up)
{
    pthread_t threads[THREADS];

    keep(7, NOW, NOW);
    for (size_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, count_often, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(keep(7, NOW, NOW), NOW + THREADS * ROUNDS);
}
