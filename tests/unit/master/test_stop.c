/* SPDX-License-Identifier: MIT */
#include "master/stop.h"

#include "base/deadlines.h"
#include "base/util.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define DELAY (3 * NS_PER_S)
#define DRAIN (10 * NS_PER_S)
#define NOW   (100 * NS_PER_S)
#define END   (NOW + DELAY + DRAIN)

/* Two generations with a worker each: an older one that drains, and the one that serves. The workers are
 * processes that only wait. */
struct house {
    struct conf conf;
    struct generation older, serving;
    struct generations generations;
    struct stop stop;
};

static pid_t fork_waiting(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    cr_assert_gt(pid, 0);
    return pid;
}

static void open_generation(struct house *house, struct generation *generation, enum generation_state state)
{
    *generation =
        (struct generation){.conf = &house->conf, .state = state, .served = true, .kill_at = SLOT_NEVER};
    cr_assert_eq(shared_open(&generation->shared, NULL, &(struct shared_room){.workers = 1, .threads = 1}),
                 0);
    cr_assert_eq(slots_open(&generation->slots, 1, 0), 0);
    generation->slots.table[0].child.pid = fork_waiting();
    slot_started(&generation->slots.table[0], 0);
    slot_is_ready(&generation->slots.table[0], 0);
    house->generations.all[house->generations.count++] = generation;
}

static void open_house(struct house *house)
{
    *house = (struct house){.conf = {.drain_delay_ns = DELAY, .drain_ns = DRAIN}};
    open_generation(house, &house->older, GENERATION_DRAINING);
    open_generation(house, &house->serving, GENERATION_SERVING);
    house->generations.serving = &house->serving;
    house->stop.generations = &house->generations;
}

/* The signal that has ended the generation's worker; 0: it runs. */
static int ended_by(const struct generation *generation)
{
    siginfo_t info = {0};

    cr_assert_eq(
        waitid(P_PID, (id_t)generation->slots.table[0].child.pid, &info, WEXITED | WNOWAIT | WNOHANG), 0);
    return info.si_pid ? info.si_status : 0;
}

/* Waits for that. */
static int end_of(const struct generation *generation)
{
    siginfo_t info = {0};

    cr_assert_eq(waitid(P_PID, (id_t)generation->slots.table[0].child.pid, &info, WEXITED | WNOWAIT), 0);
    return info.si_status;
}

static void older_has_drained(struct house *house)
{
    house->generations.all[0] = &house->serving;
    house->generations.count = 1;
}

static void close_house(struct house *house)
{
    struct generation *generations[] = {&house->older, &house->serving};

    for (size_t i = 0; i < ARRAY_SIZE(generations); i++) {
        kill(generations[i]->slots.table[0].child.pid, SIGKILL);
        waitpid(generations[i]->slots.table[0].child.pid, NULL, 0);
        slots_close(&generations[i]->slots);
        shared_close(&generations[i]->shared);
    }
}

static int64_t drain_end(const struct generation *generation)
{
    return atomic_load(generation->shared.drain_end);
}

Test(stop, without_older_generations_all_drain_after_the_delay)
{
    struct house house;

    open_house(&house);
    older_has_drained(&house);
    stop_request(&house.stop, SIGTERM, NOW);
    cr_expect_eq(stop_step(&house.stop, NOW), NOW + DELAY);
    cr_expect_eq(house.stop.phase, STOP_DELAY);
    cr_expect_eq(stop_step(&house.stop, NOW + DELAY), SLOT_NEVER);
    cr_expect_eq(house.stop.phase, STOP_DRAIN);
    cr_expect_null(house.generations.serving);
    cr_expect_eq(end_of(&house.serving), SIGTERM);
    cr_expect_eq(drain_end(&house.serving), END);
    cr_expect_eq(house.serving.kill_at, END + DEADLINE_KILL);
    close_house(&house);
}

Test(stop, the_serving_generation_serves_until_older_ones_have_drained)
{
    struct house house;

    open_house(&house);
    stop_request(&house.stop, SIGTERM, NOW);
    cr_expect_eq(stop_step(&house.stop, NOW + DELAY), END, "not before");
    cr_expect_eq(house.stop.phase, STOP_OLDER);
    cr_expect_eq(stop_step(&house.stop, END - 1), END);
    cr_expect_eq(house.generations.serving, &house.serving);
    cr_expect_eq(house.serving.state, GENERATION_SERVING);
    cr_expect_eq(ended_by(&house.serving), 0);
    older_has_drained(&house);
    cr_expect_eq(stop_step(&house.stop, NOW + DELAY + 1), SLOT_NEVER);
    cr_expect_eq(house.stop.phase, STOP_DRAIN);
    cr_expect_eq(end_of(&house.serving), SIGTERM);
    cr_expect_eq(drain_end(&house.serving), END, "its clients have what is left");
    close_house(&house);
}

Test(stop, the_deadline_is_that_of_all_generations)
{
    struct house house;

    open_house(&house);
    stop_request(&house.stop, SIGTERM, NOW);
    stop_step(&house.stop, NOW + DELAY);
    stop_step(&house.stop, END);
    cr_expect_eq(house.stop.phase, STOP_DRAIN);
    cr_expect_eq(end_of(&house.older), SIGUSR2);
    cr_expect_eq(end_of(&house.serving), SIGTERM);
    cr_expect_eq(drain_end(&house.serving), END);
    cr_expect_eq(house.older.kill_at, END + DEADLINE_KILL);
    cr_expect_eq(house.serving.kill_at, END + DEADLINE_KILL);
    close_house(&house);
}

Test(stop, a_second_signal_waits_for_no_generation)
{
    struct house house;

    open_house(&house);
    stop_request(&house.stop, SIGTERM, NOW);
    stop_step(&house.stop, NOW + DELAY);
    stop_request(&house.stop, SIGINT, NOW + DELAY + 1);
    cr_expect_eq(house.stop.phase, STOP_DRAIN);
    cr_expect_eq(end_of(&house.older), SIGUSR2);
    end_of(&house.serving); /* by SIGTERM, which comes first, or by SIGUSR2 */
    cr_expect_eq(house.older.kill_at, NOW + DELAY + 1 + DEADLINE_KILL);
    cr_expect_eq(house.serving.kill_at, NOW + DELAY + 1 + DEADLINE_KILL);
    close_house(&house);
}

Test(stop, a_process_that_is_replaced_does_not_wait_for_older_generations)
{
    struct house house;

    open_house(&house);
    house.stop.replaced = true;
    stop_request(&house.stop, SIGTERM, NOW);
    cr_expect_eq(house.stop.phase, STOP_DRAIN);
    cr_expect_eq(end_of(&house.serving), SIGUSR1);
    cr_expect_eq(ended_by(&house.older), 0, "which have their own time");
    cr_expect_eq(house.older.kill_at, SLOT_NEVER);
    close_house(&house);
}

Test(stop, a_start_that_has_failed_waits_for_nobody)
{
    struct house house;

    open_house(&house);
    stop_drain(&house.stop, NOW);
    cr_expect_eq(house.stop.phase, STOP_DRAIN);
    cr_expect_eq(drain_end(&house.serving), NOW);
    cr_expect_eq(stop_step(&house.stop, NOW), SLOT_NEVER);
    cr_expect_not(stop_is_over(&house.stop));
    house.generations.count = 0;
    cr_expect(stop_is_over(&house.stop));
    house.generations.count = 2;
    close_house(&house);
}
