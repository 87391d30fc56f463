/* SPDX-License-Identifier: MIT */
#include "shm/notice.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define NOTICES 20000

static struct state numbered(unsigned number)
{
    struct state state = {.word = number % STATE_WORD_COUNT, .weight = number};

    memset(state.reason, 'a' + (int)(number % 26), STATE_REASON_MAX);
    return state;
}

Test(notice, one_that_was_never_posted_changes_nothing)
{
    struct notice notice = {0};
    struct state state = STATE_DEFAULT;
    uint32_t seen = 0;

    notice_read(&notice, &seen, &state);
    cr_assert(state_equal(&state, &STATE_DEFAULT));
}

Test(notice, says_what_was_posted_last)
{
    const struct state first = numbered(1), second = numbered(2);
    struct notice notice = {0};
    struct state state = STATE_DEFAULT;
    uint32_t seen = 0;

    notice_post(&notice, &first);
    notice_read(&notice, &seen, &state);
    cr_assert(state_equal(&state, &first));
    notice_read(&notice, &seen, &state);
    cr_assert(state_equal(&state, &first));
    notice_post(&notice, &second);
    notice_read(&notice, &seen, &state);
    cr_assert(state_equal(&state, &second));
}

/* The master may be stopped in the middle of it, and nobody waits for it. */
Test(notice, one_that_is_being_written_is_not_read)
{
    const struct state first = numbered(1);
    struct notice notice = {0};
    struct state state = STATE_DEFAULT;
    uint32_t seen = 0;

    notice_post(&notice, &first);
    notice_read(&notice, &seen, &state);
    atomic_fetch_add(&notice.sequence, 1);
    atomic_store(&notice.words[0], UINT64_MAX);
    notice_read(&notice, &seen, &state);
    cr_assert(state_equal(&state, &first));
}

static struct notice shared;

static void *post_many(void *unused)
{
    for (unsigned i = 1; i <= NOTICES; i++) {
        struct state state = numbered(i);

        notice_post(&shared, &state);
    }
    return unused;
}

/* What is read is whole, and never older than what was read before. */
Test(notice, one_writes_while_others_read)
{
    struct state state = numbered(0);
    uint32_t seen = 0;
    pthread_t writer;

    cr_assert_eq(pthread_create(&writer, NULL, post_many, NULL), 0);
    while (state.weight < NOTICES) {
        unsigned before = state.weight;
        struct state expected;

        notice_read(&shared, &seen, &state);
        expected = numbered(state.weight);
        cr_assert(state_equal(&state, &expected), "torn at %u", state.weight);
        cr_assert_geq(state.weight, before);
    }
    cr_assert_eq(pthread_join(writer, NULL), 0);
}
