/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "master/slots.h"

#include <criterion/criterion.h>
#include <signal.h>

#define KILLED(signal_number) (signal_number)
#define EXITED(code)          ((code) << 8)

static struct slots new_slots(unsigned count)
{
    struct slots slots;

    cr_assert_eq(slots_open(&slots, count, 0), 0);
    return slots;
}

static void start(struct slot *slot, pid_t pid, bool ready, int64_t now)
{
    slot->child.pid = pid;
    slot_started(slot, now);
    if (ready)
        slot_is_ready(slot, now);
}

Test(slots, all_are_due_at_once)
{
    struct slots slots = new_slots(3);

    cr_assert_eq(slots_next_start(&slots), 0);
    cr_assert_eq(slots_alive(&slots), 0);
    slots_close(&slots);
}

Test(slots, a_worker_that_served_is_replaced_at_once)
{
    struct slots slots = new_slots(1);
    struct slot *slot = &slots.table[0];

    start(slot, 10, true, 0);
    cr_assert_eq(slots_next_start(&slots), SLOT_NEVER);
    cr_assert_eq(slots_ready(&slots), 1);
    cr_assert_eq(slot_ended(slot, KILLED(SIGKILL), 2 * NS_PER_S), 0);
    cr_assert_eq(slots_next_start(&slots), 2 * NS_PER_S);
    cr_assert_eq(slots_ready(&slots), 0);
    slots_close(&slots);
}

Test(slots, one_that_does_not_last_is_started_later_and_later)
{
    static const int64_t tenths[] = {1, 2, 4, 8, 16, 32, 64, 100, 100};
    struct slots slots = new_slots(1);
    struct slot *slot = &slots.table[0];

    for (size_t i = 0; i < ARRAY_SIZE(tenths); i++) {
        start(slot, 10, i % 2, 0); /* never ready, or dead within a second of it */
        cr_assert_eq(slot_ended(slot, EXITED(71), NS_PER_S / 2), tenths[i] * NS_PER_S / 10);
        cr_assert_eq(slot->start_at, NS_PER_S / 2 + tenths[i] * NS_PER_S / 10);
    }
    start(slot, 10, true, 0);
    cr_assert_eq(slot_ended(slot, EXITED(71), NS_PER_S), 0);
    start(slot, 10, false, 0);
    cr_assert_eq(slot_ended(slot, EXITED(71), 0), NS_PER_S / 10); /* a good life makes up for all */
    slots_close(&slots);
}

/* A signal from outside is no fault of the worker's: its clients must not wait. */
Test(slots, one_that_somebody_killed_is_replaced_at_once)
{
    struct slots slots = new_slots(1);
    struct slot *slot = &slots.table[0];

    start(slot, 10, true, NS_PER_S);
    cr_assert_eq(slot_ended(slot, KILLED(SIGKILL), 2 * NS_PER_S - 1), 0);
    cr_assert_eq(slot->start_at, 2 * NS_PER_S - 1);
    start(slot, 10, true, NS_PER_S);
    cr_assert_eq(slot_ended(slot, KILLED(SIGSEGV), 2 * NS_PER_S - 1), NS_PER_S / 10);
    slots_close(&slots);
}

Test(slots, workers_are_started_no_more_than_20_times_a_second)
{
    struct slots slots = new_slots(1);
    struct slot *slot = &slots.table[0];

    start(slot, 10, true, NS_PER_S);
    cr_assert_eq(slot_ended(slot, KILLED(SIGKILL), NS_PER_S + 1), 0);
    cr_assert_eq(slot->start_at, NS_PER_S + NS_PER_S / 20);
    slots_close(&slots);
}

/* A failure stays in the state of the service until its successor is proven, not until the next look. */
Test(slots, are_proven_a_second_after_the_last_was_ready)
{
    struct slots slots = new_slots(2);

    start(&slots.table[0], 10, true, NS_PER_S);
    cr_assert_eq(slots_proven_at(&slots), SLOT_NEVER);
    start(&slots.table[1], 11, true, 2 * NS_PER_S);
    cr_assert_eq(slots_proven_at(&slots), 3 * NS_PER_S);
    slot_ended(&slots.table[0], KILLED(SIGKILL), 4 * NS_PER_S);
    cr_assert_eq(slots_proven_at(&slots), SLOT_NEVER);
    slots_close(&slots);
}

Test(slots, are_found_by_process)
{
    struct slots slots = new_slots(2);

    start(&slots.table[1], 77, false, 0);
    cr_assert_eq(slots_find(&slots, 77), &slots.table[1]);
    cr_assert_null(slots_find(&slots, 78));
    slots_close(&slots);
}

Test(slots, say_in_words_how_a_worker_ended)
{
    char text[96];

    slots_describe(KILLED(SIGSEGV) | 0x80, text, sizeof(text));
    cr_assert_str_eq(text, "killed by signal 11 (SEGV), core dumped");
    slots_describe(KILLED(SIGKILL), text, sizeof(text));
    cr_assert_str_eq(text, "killed by signal 9 (KILL)");
    slots_describe(EXITED(71), text, sizeof(text));
    cr_assert_str_eq(text, "exited with status 71 (operating system error)");
    slots_describe(EXITED(3), text, sizeof(text));
    cr_assert_str_eq(text, "exited with status 3");
}
