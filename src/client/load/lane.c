/* SPDX-License-Identifier: MIT */
#include "client/load/lane.h"

#include <arpa/inet.h>

bool lane_may_start(struct lane *lane, int64_t *due)
{
    lane->now = monotonic_ns();
    return schedule_take(&lane->schedule, lane->now, due);
}

bool lane_goes_on(struct lane *lane, unsigned active)
{
    if (!atomic_load_explicit(lane->interrupted, memory_order_relaxed))
        return active || schedule_goes_on(&lane->schedule, lane->now);
    schedule_stop(&lane->schedule, lane->now);
    lane->tally.unfinished = active;
    return false;
}

static int64_t waiting_time(const struct lane *lane, bool free_connection, int64_t longest_ns)
{
    int64_t now, until;

    if (!free_connection || !schedule_goes_on(&lane->schedule, lane->now))
        return longest_ns;
    now = lane->schedule.gap_ns > 0 ? monotonic_ns() : lane->now;
    until = schedule_next(&lane->schedule, now) - now;
    return until < 0 ? 0 : until > longest_ns ? longest_ns : until;
}

static void publish(struct lane *lane)
{
    atomic_store_explicit(&lane->started, lane->schedule.started, memory_order_relaxed);
    atomic_store_explicit(&lane->answered, lane->tally.ended[OUTCOME_ANSWERED], memory_order_relaxed);
    atomic_store_explicit(&lane->errors, tally_errors(&lane->tally), memory_order_relaxed);
}

int lane_wait(struct lane *lane, struct epoll_event *events, int room, bool free_connection,
              int64_t longest_ns)
{
    struct timespec timeout = {.tv_nsec = waiting_time(lane, free_connection, longest_ns)};
    int count;

    publish(lane);
    count = epoll_pwait2(lane->epoll, events, room, &timeout, NULL);
    lane->now = monotonic_ns();
    return count < 0 ? 0 : count;
}

void lane_ended(struct lane *lane, unsigned class, int64_t due)
{
    int64_t now = monotonic_ns();

    lane->tally.ended[class]++;
    lane->tally.last_ns = now;
    if (class == OUTCOME_ANSWERED)
        histogram_add(&lane->tally.latency, now - due);
}

/* Each in a network of its own (/24), as the addresses of different hosts are. */
static struct address loopback_address(unsigned number)
{
    struct address address = {.length = sizeof(address.in), .in.sin_family = AF_INET};

    address.in.sin_addr.s_addr = htonl(0x7f010001u + (number << 8));
    return address;
}

int lane_socket(const struct lane *lane, const struct plan_target *target, uint32_t turn)
{
    const struct load_plan *plan = lane->plan;
    struct dial_source source;

    if (plan->sources == 0 || target->address.sa.sa_family != AF_INET)
        return dial_socket(&target->address, target->transport, &plan->source);
    source = plan->source;
    source.address = loopback_address((turn * plan->threads + lane->index) % plan->sources);
    return dial_socket(&target->address, target->transport, &source);
}
