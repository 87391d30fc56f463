/* SPDX-License-Identifier: MIT */
#include "shm/snapshot.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#define WORDS    300
#define VERSIONS 20000

static struct snapshot *new_snapshot(void)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

    cr_assert_not_null(snapshot);
    return snapshot;
}

Test(snapshot, there_is_none_before_the_first)
{
    struct snapshot *snapshot = new_snapshot();
    uint64_t word;

    cr_expect_eq(snapshot_read(snapshot, &word, sizeof(word)), 0);
    free(snapshot);
}

Test(snapshot, the_last_one_is_read_with_its_own_size)
{
    struct snapshot *snapshot = new_snapshot();
    uint64_t value[4];

    snapshot_write(snapshot, (uint64_t[]){1, 2, 3}, 3 * sizeof(uint64_t));
    snapshot_write(snapshot, (uint64_t[]){4, 5}, 2 * sizeof(uint64_t));
    cr_assert_eq(snapshot_read(snapshot, value, sizeof(value)), 2 * sizeof(uint64_t));
    cr_expect_eq(value[0], 4);
    cr_expect_eq(value[1], 5);
    cr_expect_eq(snapshot_read(snapshot, value, sizeof(uint64_t)), sizeof(uint64_t), "as far as it fits");
    free(snapshot);
}

/* What lies in the memory of all workers may be anything. */
Test(snapshot, a_size_that_is_forged_reads_nothing_beyond_it)
{
    struct snapshot *snapshot = new_snapshot();
    char *value = malloc(2 * SNAPSHOT_SIZE);

    cr_assert_not_null(value);
    snapshot_write(snapshot, (uint64_t[]){1}, sizeof(uint64_t));
    atomic_store(&snapshot->words[0], UINT64_MAX);
    atomic_store(&snapshot->words[1], UINT64_MAX);
    cr_expect_eq(snapshot_read(snapshot, value, (size_t)2 * SNAPSHOT_SIZE), SNAPSHOT_SIZE);
    free(value);
    free(snapshot);
}

/* Each value is one number all over, and as many words more as it says. */
static void *write_many(void *argument)
{
    struct snapshot *snapshot = argument;
    uint64_t value[WORDS];

    for (uint64_t version = 1; version <= VERSIONS; version++) {
        size_t count = version % WORDS + 1;

        for (size_t i = 0; i < count; i++)
            value[i] = version;
        snapshot_write(snapshot, value, count * sizeof(*value));
    }
    return NULL;
}

Test(snapshot, a_reader_has_a_whole_one_and_never_an_older_one)
{
    struct snapshot *snapshot = new_snapshot();
    uint64_t value[WORDS], last = 0;
    pthread_t writer;

    cr_assert_eq(pthread_create(&writer, NULL, write_many, snapshot), 0);
    while (last < VERSIONS) {
        size_t size = snapshot_read(snapshot, value, sizeof(value));

        if (size == 0)
            continue;
        cr_assert_eq(size / sizeof(*value), value[0] % WORDS + 1);
        for (size_t i = 1; i < size / sizeof(*value); i++)
            cr_assert_eq(value[i], value[0]);
        cr_assert_geq(value[0], last);
        last = value[0];
    }
    pthread_join(writer, NULL);
    free(snapshot);
}
