/* SPDX-License-Identifier: MIT */
#include "service/agent.h"

#include "service/load.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct plan *compile(struct arena *arena, bool by_load)
{
    const struct site site = {.weighs_by_load = by_load};
    struct template_errors errors;
    const struct plan *plan;

    cr_assert_eq(arena_open(arena, 1 << 20), 0);
    plan = service_agent.compile(arena, "", 0, &site, &errors);
    cr_assert_not_null(plan);
    cr_assert(plan->needs & PLAN_STATE);
    return plan;
}

static void check(const struct state state, const char *expected)
{
    struct arena arena;
    const struct plan *plan = compile(&arena, false);
    const struct occasion occasion = {.state = &state};
    char out[256];
    size_t length = service_agent.answer(plan, &occasion, out);

    cr_assert_leq(length, plan->longest);
    out[length] = '\0';
    cr_expect_str_eq(out, expected);
    arena_close(&arena);
}

/* One line each; only what is said here brings a server back that was told to drain or to rest. */
Test(agent, tells_the_state_in_the_words_of_haproxy)
{
    check(STATE_DEFAULT, "ready up 100%\n");
    check((struct state){STATE_READY, 75, ""}, "ready up 75%\n");
    check((struct state){STATE_READY, 0, ""}, "ready up 0%\n");
    check((struct state){STATE_READY, 50, "one disk"}, "ready up 50% # one disk\n");
    check((struct state){STATE_DRAIN, 50, ""}, "drain\n");
    check((struct state){STATE_DRAIN, 100, "stopping"}, "drain # stopping\n");
    check((struct state){STATE_MAINT, 100, ""}, "maint\n");
    check((struct state){STATE_MAINT, 100, "# ready up 100%"}, "maint # # ready up 100%\n");
}

Test(agent, the_longest_answer_has_room)
{
    struct state state = {.word = STATE_READY, .weight = STATE_WEIGHT_MAX};
    const struct occasion occasion = {.state = &state};
    struct arena arena;
    const struct plan *plan = compile(&arena, false);
    char out[256];

    memset(state.reason, 'x', STATE_REASON_MAX);
    cr_assert_eq(service_agent.answer(plan, &occasion, out), plan->longest);
    cr_assert_eq(out[plan->longest - 1], '\n');
    arena_close(&arena);
}

Test(agent, a_weight_goes_down_with_the_load_and_never_to_nothing)
{
    cr_assert_eq(agent_weight(100, 2, 0), 100);
    cr_assert_eq(agent_weight(100, 2, 100), 66, "half of the processors are busy");
    cr_assert_eq(agent_weight(100, 2, 200), 50);
    cr_assert_eq(agent_weight(100, 1, 200), 33);
    cr_assert_eq(agent_weight(256, 4, 400), 128);
    cr_assert_eq(agent_weight(1, 1, 100000), 1);
    cr_assert_eq(agent_weight(100, 1, 281474976710655ul * 100), 1);
    cr_assert_eq(agent_weight(0, 1, 0), 0, "as it was set");
    cr_assert_eq(agent_weight(0, 1, 500), 0);
}

/* The load of this machine is what it is. */
Test(agent, by_load_it_tells_no_more_than_the_weight)
{
    const struct state state = {STATE_READY, 80, ""};
    unsigned long load;
    const struct occasion occasion = {.state = &state, .load = &load};
    struct arena arena;
    const struct plan *plan = compile(&arena, true);
    char out[256] = "";
    unsigned weight;

    cr_assert(load_hundredths(&load));
    cr_assert(plan->needs & PLAN_LOAD);
    out[service_agent.answer(plan, &occasion, out)] = '\0';
    cr_assert_eq(sscanf(out, "ready up %u%%\n", &weight), 1, "%s", out);
    cr_assert(weight >= 1 && weight <= 80, "%u", weight);
    arena_close(&arena);
}
