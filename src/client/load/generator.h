/* SPDX-License-Identifier: MIT */
/* generator: one thread of a load: its share of the plan, its event loop and its tally. */
#ifndef SOCKGREET_GENERATOR_H
#define SOCKGREET_GENERATOR_H

#include "base/util.h"
#include "client/load/plan.h"
#include "client/load/schedule.h"
#include "client/load/tally.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define GENERATOR_CHECK_NS (50 * NS_PER_MS) /* between two checks for requests that timed out */

struct generator {
    const struct load_plan *plan;
    const atomic_bool *interrupted;
    unsigned index, connections;
    int epoll;
    int64_t now; /* monotonic clock, at the last wait or start */
    struct schedule schedule;
    struct tally tally;
    uint64_t cpu_ns, queued_ns; /* time on a processor, and runnable without one */
    int error;                  /* an errno value if it could not start, else 0 */

    /* Read by other threads while the generator runs. */
    _Alignas(CACHE_LINE) atomic_uint_least64_t answered;
    atomic_uint_least64_t started;
    atomic_uint_least64_t errors;
};

/* Whether the generator may start a request now; *due is then the time from which its latency counts. */
bool generator_may_start(struct generator *generator, int64_t *due);

/* Whether requests are active or still to come. False if interrupted. */
bool generator_goes_on(struct generator *generator, unsigned active);

/* Waits for events and, if a connection is free, for the next request to be due, but no longer than
 * longest_ns. Returns the number of events. */
int generator_wait(struct generator *generator, struct epoll_event *events, int room, bool free_connection,
                   int64_t longest_ns);

/* Counts the end of a request that was due at that time: its latency if class is OUTCOME_ANSWERED. */
void generator_ended(struct generator *generator, unsigned class, int64_t due);

/* A socket for the target, from the source address of this turn. Returns the descriptor or -errno. */
int generator_socket(const struct generator *generator, const struct plan_target *target, uint32_t turn);

/* Run the generator until no request is left. Return 0, or an errno value if they could not start. */
int generator_run_stream(struct generator *generator);
int generator_run_dgram(struct generator *generator);

#endif
