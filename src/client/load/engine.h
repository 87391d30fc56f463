/* SPDX-License-Identifier: MIT */
/* engine: the threads of a load: starts them, and adds up their counters. */
#ifndef SOCKGREET_ENGINE_H
#define SOCKGREET_ENGINE_H

#include "client/load/plan.h"
#include "client/load/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

/* What all threads have counted so far. */
struct engine_progress {
    uint64_t started, answered, errors;
};

struct engine_result {
    struct tally tally;
    uint64_t started;
    uint64_t late;   /* open loop: started more than 1 ms after they were due */
    uint64_t missed; /* open loop: due, but never started */
    bool interrupted;
    double seconds;     /* duration */
    double cpu_seconds; /* CPU time of all threads */
    double busiest;     /* CPU time of the busiest thread, in seconds */
    double queued;      /* seconds that threads were runnable without a processor */
};

/* Starts the threads. The plan must not change until engine_finish(). NULL, with errno set, if that fails.
 */
struct engine *engine_start(const struct load_plan *plan);

/* Readable once all threads are done. */
int engine_done_fd(const struct engine *engine);

struct engine_progress engine_progress(const struct engine *engine);

/* Makes the threads end within GENERATOR_CHECK_NS, even if requests are outstanding. */
void engine_interrupt(struct engine *engine);

/* Waits for the threads, sums up and frees the engine. Returns 0, or an errno value if a thread could not
 * start. */
int engine_finish(struct engine *engine, struct engine_result *result);

#endif
