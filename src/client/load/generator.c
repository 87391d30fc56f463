/* SPDX-License-Identifier: MIT */
#include "client/load/generator.h"

#include <arpa/inet.h>

bool generator_may_start(struct generator *generator, int64_t *due)
{
    generator->now = monotonic_ns();
    return schedule_start(&generator->schedule, generator->now, due);
}

bool generator_goes_on(struct generator *generator, unsigned active)
{
    if (!atomic_load_explicit(generator->interrupted, memory_order_relaxed))
        return active || schedule_goes_on(&generator->schedule, generator->now);
    schedule_stop(&generator->schedule, generator->now);
    generator->tally.unfinished = active;
    return false;
}

static int64_t waiting_time(const struct generator *generator, bool free_connection, int64_t longest_ns)
{
    int64_t now, until;

    if (!free_connection || !schedule_goes_on(&generator->schedule, generator->now))
        return longest_ns;
    now = generator->schedule.gap_ns > 0 ? monotonic_ns() : generator->now;
    until = schedule_next(&generator->schedule, now) - now;
    return until < 0 ? 0 : until > longest_ns ? longest_ns : until;
}

static void publish(struct generator *generator)
{
    atomic_store_explicit(&generator->started, generator->schedule.started, memory_order_relaxed);
    atomic_store_explicit(&generator->answered, generator->tally.ended[OUTCOME_ANSWERED],
                          memory_order_relaxed);
    atomic_store_explicit(&generator->errors, tally_errors(&generator->tally), memory_order_relaxed);
}

int generator_wait(struct generator *generator, struct epoll_event *events, int room, bool free_connection,
                   int64_t longest_ns)
{
    struct timespec timeout = {.tv_nsec = waiting_time(generator, free_connection, longest_ns)};
    int count;

    publish(generator);
    count = epoll_pwait2(generator->epoll, events, room, &timeout, NULL);
    generator->now = monotonic_ns();
    return count < 0 ? 0 : count;
}

void generator_ended(struct generator *generator, unsigned class, int64_t due)
{
    int64_t now = monotonic_ns();

    generator->tally.ended[class]++;
    generator->tally.last_ns = now;
    if (class == OUTCOME_ANSWERED)
        histogram_add(&generator->tally.latency, now - due);
}

/* Each is in a /24 of its own, as if the sources were in different networks. */
static struct address loopback_address(unsigned number)
{
    struct address address = {.length = sizeof(address.in), .in.sin_family = AF_INET};

    address.in.sin_addr.s_addr = htonl(0x7f010001u + (number << 8));
    return address;
}

int generator_socket(const struct generator *generator, const struct plan_target *target, uint32_t turn)
{
    const struct load_plan *plan = generator->plan;
    struct dial_source source;

    if (plan->sources == 0 || target->address.sa.sa_family != AF_INET)
        return dial_socket(&target->address, target->transport, &plan->source);
    source = plan->source;
    source.address = loopback_address((turn * plan->threads + generator->index) % plan->sources);
    return dial_socket(&target->address, target->transport, &source);
}
