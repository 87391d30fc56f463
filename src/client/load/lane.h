/* SPDX-License-Identifier: MIT */
/* lane: one thread of a load: its share of the plan, its event loop and its tally. */
#ifndef SOCKGREET_LANE_H
#define SOCKGREET_LANE_H

#include "base/util.h"
#include "client/load/plan.h"
#include "client/load/schedule.h"
#include "client/load/tally.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LANE_CHECK_NS (50 * NS_PER_MS) /* between two looks for requests that have waited too long */

struct lane {
    const struct load_plan *plan;
    const atomic_bool *interrupted;
    unsigned index, connections;
    int epoll;
    int64_t now; /* of the monotonic clock, since the last wait or start */
    struct schedule schedule;
    struct tally tally;
    uint64_t cpu_ns, queued_ns; /* that it ran, and that it was runnable without a processor */
    int error;                  /* an errno value: why it could not begin; 0: it could */

    /* For those who watch, who see them grow while the lane runs. */
    _Alignas(CACHE_LINE) atomic_uint_least64_t answered;
    atomic_uint_least64_t started;
    atomic_uint_least64_t errors;
};

/* Whether the lane may start a request now; if so, *due says from when its latency counts. */
bool lane_may_start(struct lane *lane, int64_t *due);

/* Whether there is more to do: requests to come, or active ones. An interrupted lane has none. */
bool lane_goes_on(struct lane *lane, unsigned active);

/* Waits for events, for a request that is due if there is a free connection, and at most for so long. Returns
 * the number of events. */
int lane_wait(struct lane *lane, struct epoll_event *events, int room, bool free_connection,
              int64_t longest_ns);

/* Counts the end of a request that was due at that time: its latency if class is OUTCOME_ANSWERED. */
void lane_ended(struct lane *lane, unsigned class, int64_t due);

/* A socket towards the target, from the source of that turn. Returns the descriptor or -errno. */
int lane_socket(const struct lane *lane, const struct plan_target *target, uint32_t turn);

/* Run the lane until no request is left. Return 0, or an errno value if they could not begin. */
int lane_run_stream(struct lane *lane);
int lane_run_dgram(struct lane *lane);

#endif
