/* SPDX-License-Identifier: MIT */
#include "service/agent.h"

#include "service/load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LONGEST (sizeof("ready up 256% # \n") - 1 + STATE_REASON_MAX)

struct agent {
    struct plan plan;
    unsigned processors; /* of this machine; 0: the weight does not depend on the load */
};

static const struct agent plain = {
    .plan = {.service = &service_agent, .needs = PLAN_STATE, .longest = LONGEST, .prefix = ""}};

unsigned agent_weight(unsigned weight, unsigned processors, unsigned long load)
{
    unsigned long whole = processors * 100ul, told = weight * whole / (whole + load);

    return weight && !told ? 1 : (unsigned)told;
}

static unsigned weight_of(const struct agent *agent, const struct state *state)
{
    unsigned long load;

    if (!agent->processors || !load_hundredths(&load))
        return state->weight;
    return agent_weight(state->weight, agent->processors, load);
}

/* HAProxy keeps what it was told until it is told otherwise: "ready" ends drain and maint, "up" ends down. A
 * # begins a description. */
static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    const struct agent *agent = (const struct agent *)plan;
    const struct state *state = occasion->state;
    char text[LONGEST + 1], ready[sizeof(" up 256%")] = "";
    size_t length;

    if (state->word == STATE_READY)
        snprintf(ready, sizeof(ready), " up %u%%", weight_of(agent, state));
    snprintf(text, sizeof(text), "%s%s%s%s\n", state_name(state->word), ready, state->reason[0] ? " # " : "",
             state->reason);
    length = strlen(text);
    memcpy(out, text, length);
    return length;
}

/* All processors, since the load is that of all programs. */
static const struct plan *weigh_by_load(struct arena *arena)
{
    struct agent *agent = arena_alloc(arena, sizeof(*agent));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (!agent)
        return NULL;
    *agent = plain;
    agent->processors = processors > 0 ? (unsigned)processors : 1;
    return &agent->plan;
}

const struct service service_agent = {.name = "agent",
                                      .transports = SERVICE_ON(TRANSPORT_TCP) | SERVICE_ON(TRANSPORT_UNIX),
                                      .fixed = &plain.plan,
                                      .weigh_by_load = weigh_by_load,
                                      .answer = answer};
