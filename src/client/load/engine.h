/* SPDX-License-Identifier: MIT */
/* engine: the threads of a load, from their start to the sum of what they counted. */
#ifndef SOCKGREET_ENGINE_H
#define SOCKGREET_ENGINE_H

#include "client/load/plan.h"
#include "client/load/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

/* What all threads have counted so far. */
struct engine_pulse {
    uint64_t started, answered, errors;
};

struct engine_result {
    struct tally tally;
    uint64_t started;
    uint64_t late;   /* open loop: started more than 1 ms after they were due */
    uint64_t missed; /* open loop: due, but never started */
    bool interrupted;
    double seconds; /* that it took */
    double cpu_seconds, busiest,
        queued; /* seconds on a processor: all threads, the busiest; waiting for one */
};

/* Starts the threads. The plan must stay as it is until engine_finish. NULL, with errno set, if that fails.
 */
struct engine *engine_start(const struct load_plan *plan);

/* Readable once all threads are done. */
int engine_done_fd(const struct engine *engine);

struct engine_pulse engine_pulse(const struct engine *engine);

/* Has the threads end within LANE_CHECK_NS, whatever is outstanding. */
void engine_interrupt(struct engine *engine);

/* Waits for the threads, sums up and frees the engine. Returns 0, or an errno value if a thread could not
 * begin. */
int engine_finish(struct engine *engine, struct engine_result *result);

#endif
