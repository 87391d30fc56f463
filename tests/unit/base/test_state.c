/* SPDX-License-Identifier: MIT */
#include "../random.h"
#include "base/state.h"

#include <criterion/criterion.h>
#include <string.h>

#define LONGEST "1234567890123456789012345678901234567890123456789012345678901234"

static struct state parsed(const char *text)
{
    struct state state = {.word = STATE_WORD_COUNT};
    struct message error = {0};

    cr_assert_eq(state_parse(text, &state, &error), 0, "%s: %s", text, error.text);
    cr_assert_str_empty(error.text);
    return state;
}

static void check(const char *text, enum state_word word, unsigned weight, const char *reason)
{
    struct state state = parsed(text);

    cr_expect_eq(state.word, word, "%s", text);
    cr_expect_eq(state.weight, weight, "%s: %u", text, state.weight);
    cr_expect_str_eq(state.reason, reason, "%s", text);
}

Test(state, what_people_write)
{
    check("ready", STATE_READY, 100, "");
    check("drain", STATE_DRAIN, 100, "");
    check("maint", STATE_MAINT, 100, "");
    check("ready 50%", STATE_READY, 50, "");
    check("ready 0%", STATE_READY, 0, "");
    check("ready 256%", STATE_READY, 256, "");
    check("drain kernel update", STATE_DRAIN, 100, "kernel update");
    check("drain 2 disks failed", STATE_DRAIN, 100, "2 disks failed");
    check("ready 50% 2 disks failed # 90%", STATE_READY, 50, "2 disks failed # 90%");
    check("  maint   007%   two  spaces  ", STATE_MAINT, 7, "two  spaces");
    check("drain " LONGEST, STATE_DRAIN, 100, LONGEST);
}

static void check_refused(const char *text, const char *words)
{
    const struct state before = {.word = STATE_MAINT, .weight = 7, .reason = "as it was"};
    struct state state = before;
    struct message error = {0};

    cr_assert_eq(state_parse(text, &state, &error), -1, "%s", text);
    cr_expect(strstr(error.text, words), "%s: %s", text, error.text);
    cr_expect(state_equal(&state, &before), "%s", text);
}

Test(state, what_is_none_changes_nothing_and_says_what_is_allowed)
{
    check_refused("", "unknown state ''; allowed: ready, drain, maint");
    check_refused("up", "unknown state 'up'; allowed: ready, drain, maint");
    check_refused("Ready", "unknown state 'Ready'");
    check_refused("read", "unknown state 'read'");
    check_refused("ready\n", "unknown state 'ready\\n'");
    check_refused("ready 257%", "invalid weight 257%; allowed: 0% to 256%");
    check_refused("ready 300%", "invalid weight 300%; allowed: 0% to 256%");
    check_refused("ready 18446744073709551617%", "invalid weight 18446744073709551617%");
    check_refused("ready -1%", "invalid weight -1%");
    check_refused("ready 5.5%", "invalid weight 5.5%");
    check_refused("ready %", "invalid weight %");
    check_refused("drain " LONGEST "!", "the reason is too long; allowed: at most 64 bytes");
    check_refused("drain a\nb", "the reason contains '\\n'");
    check_refused("drain a\tb", "the reason contains '\\t'");
    check_refused("drain caf\xc3\xa9", "the reason contains '\\xc3'");
    check_refused("drain \"now\"", "the reason contains '\"'");
    check_refused("drain don't", "the reason contains '''; allowed: printable ASCII without \", ' and \\");
    check_refused("drain \\n", "the reason contains '\\\\'");
    check_refused("drain \x1b[31m", "the reason contains '\\x1b'");
}

/* Whatever is taken can be printed and read again; nothing else in it ends a line or a text in quotes. */
Test(state, what_was_printed_is_read_again)
{
    static const char letters[] = "ready drain maint 0123456789%%%%#:\"'\\\n\t\x7f\xff";
    uint64_t seed = random_seed();
    unsigned taken = 0;

    for (unsigned i = 0; i < 20000; i++) {
        char text[128] = "ready ", again[STATE_TEXT_MAX];
        size_t length = random_next(&seed) % (sizeof(text) - 7);
        struct state state, same;
        struct message error;

        for (size_t k = 0; k < length; k++)
            text[6 + k] = letters[random_next(&seed) % (i % 2 ? 34 : sizeof(letters) - 1)];
        if (state_parse(text, &state, &error) < 0)
            continue;
        taken++;
        state_print(&state, again);
        same = parsed(again);
        cr_assert(state_equal(&same, &state), "%s", again);
        cr_assert_eq(strcspn(again, "\n\"'\\"), strlen(again), "%s", again);
    }
    cr_assert_gt(taken, 100);
}

Test(state, the_longest_can_be_printed)
{
    char text[STATE_TEXT_MAX];

    state_print(&(struct state){.word = STATE_MAINT, .weight = 256, .reason = LONGEST}, text);
    cr_assert_str_eq(text, "maint 256% " LONGEST);
    cr_assert_eq(strlen(text), STATE_TEXT_MAX - 1);
}

Test(state, the_worse_word_counts)
{
    const struct state ready = STATE_DEFAULT, drain = {.word = STATE_DRAIN}, maint = {.word = STATE_MAINT};
    const struct state other = {.word = STATE_DRAIN, .reason = "another"};

    cr_assert_eq(state_worse(&ready, &drain), &drain);
    cr_assert_eq(state_worse(&drain, &ready), &drain);
    cr_assert_eq(state_worse(&maint, &drain), &maint);
    cr_assert_eq(state_worse(&drain, &maint), &maint);
    cr_assert_eq(state_worse(&drain, &other), &drain, "the first of two that are the same");
}

Test(state, a_text_from_elsewhere_becomes_a_reason)
{
    struct state state = STATE_DEFAULT;

    state_set_reason(&state, "/run/\"it's\"\n\xff there");
    cr_assert_str_eq(state.reason, "/run/?it?s??? there");
    state_set_reason(&state, LONGEST LONGEST);
    cr_assert_str_eq(state.reason, LONGEST);
}
