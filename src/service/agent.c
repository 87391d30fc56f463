/* SPDX-License-Identifier: MIT */
#include "service/agent.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LONGEST (sizeof("ready up 256% # \n") - 1 + STATE_REASON_MAX)

struct agent {
    struct plan plan;
    unsigned processors; /* of this machine; 0: the weight does not depend on the load */
};

unsigned agent_weight(unsigned weight, unsigned processors, unsigned long load)
{
    unsigned long whole = processors * 100ul, told = weight * whole / (whole + load);

    return weight && !told ? 1 : (unsigned)told;
}

static unsigned weight_of(const struct agent *agent, const struct occasion *occasion)
{
    unsigned weight = occasion->state->weight;

    return agent->processors && occasion->load ? agent_weight(weight, agent->processors, *occasion->load)
                                               : weight;
}

/* HAProxy keeps a state until it is told another one: "ready" ends drain and maint, "up" ends down. A #
 * begins a description. */
static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    const struct agent *agent = (const struct agent *)plan;
    const struct state *state = occasion->state;
    char text[LONGEST + 1], ready[sizeof(" up 256%")] = "";
    size_t length;

    if (state->word == STATE_READY)
        snprintf(ready, sizeof(ready), " up %u%%", weight_of(agent, occasion));
    snprintf(text, sizeof(text), "%s%s%s%s\n", state_name(state->word), ready, state->reason[0] ? " # " : "",
             state->reason);
    length = strlen(text);
    memcpy(out, text, length);
    return length;
}

/* All processors of the machine, since the load is that of all programs. */
static unsigned count_processors(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors > 0 ? (unsigned)processors : 1;
}

static const struct plan *compile(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors)
{
    struct agent *agent = arena_alloc(arena, sizeof(*agent));

    (void)text;
    (void)length;
    if (!agent) {
        message_set(&errors->list[0], TEMPLATE_NO_ROOM);
        errors->count = 1;
        return NULL;
    }
    agent->processors = site->weighs_by_load ? count_processors() : 0;
    agent->plan = (struct plan){.service = &service_agent,
                                .needs = PLAN_STATE | (site->weighs_by_load ? PLAN_LOAD : 0u),
                                .longest = LONGEST};
    return &agent->plan;
}

const struct service service_agent = {.name = "agent",
                                      .transports = SERVICE_ON_STREAMS,
                                      .tells_weight = true,
                                      .compile = compile,
                                      .answer = answer};
