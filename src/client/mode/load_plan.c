/* SPDX-License-Identifier: MIT */
#include "client/mode/load_plan.h"

#include "base/util.h"
#include "client/load/destination.h"
#include "client/report/load_text.h"

#include <argp.h>
#include <err.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define CONNECTIONS_CLOSED 16
#define CONNECTIONS_OPEN   1000
#define THREADS_DEFAULT    4
#define DURATION_DEFAULT   (10 * NS_PER_S)
#define FILES_OTHER        32 /* open files besides connections */

static unsigned usable_cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static unsigned at_most(unsigned value, unsigned limit)
{
    return value < limit ? value : limit;
}

static int64_t duration_of(const struct cmdline *cmdline)
{
    if (cmdline->load.duration_ns)
        return cmdline->load.duration_ns;
    return cmdline->counting ? INT64_MAX : DURATION_DEFAULT;
}

static void fill(struct load_plan *plan, const struct cmdline *cmdline)
{
    const struct load_options *load = &cmdline->load;
    unsigned connections = load->rate > 0 ? CONNECTIONS_OPEN : CONNECTIONS_CLOSED;

    *plan = (struct load_plan){.source = cmdline->source,
                               .sources = load->sources,
                               .rate = load->rate,
                               .duration_ns = duration_of(cmdline),
                               .timeout_ns = cmdline->timeout_ns,
                               .greeting = load->greeting,
                               .greeting_length = load->greeting_length,
                               .message = cmdline->ask.message,
                               .message_length = cmdline->ask.message_length,
                               .pad = cmdline->ask.pad,
                               .cpu_count = load->cpu_count};
    memcpy(plan->cpus, load->cpus, sizeof(plan->cpus));
    plan->requests = cmdline->counting ? cmdline->count : 0;
    plan->connections = load->connections ? load->connections : connections;
    plan->threads = load->threads ? load->threads : at_most(usable_cpus(), THREADS_DEFAULT);
    plan->threads = at_most(plan->threads, plan->connections);
}

/* Raises the limit on open files as far as allowed, and checks it. */
static void check_files(const struct load_plan *plan)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur != RLIM_INFINITY && plan->connections + FILES_OTHER > limit.rlim_cur &&
        transport_is_stream(plan->targets[0].transport))
        errx(argp_err_exit_status,
             "--connections: %u connections need more open files than the limit of %llu (ulimit -n)",
             plan->connections, (unsigned long long)limit.rlim_cur);
}

static void check_sources(const struct load_plan *plan)
{
    const struct dial_source *source = &plan->source;

    if (source->port && plan->connections > 1)
        errx(argp_err_exit_status, "--source-port: a port allows only one connection; use --connections=1");
    if (plan->sources == 0)
        return;
    if (source->address.length || source->interface[0])
        errx(argp_err_exit_status, "--sources and -I cannot be combined");
    for (size_t i = 0; i < plan->target_count; i++)
        if (transport_is_unix(plan->targets[i].transport) || !address_is_ipv4(&plan->targets[i].address) ||
            address_scope(&plan->targets[i].address) != ADDRESS_LOOPBACK)
            errx(argp_err_exit_status,
                 "--sources: the sources are in 127.0.0.0/8, so the target must be too");
}

static void check_kinds(const struct load_plan *plan)
{
    for (size_t i = 1; i < plan->target_count; i++)
        if (transport_is_stream(plan->targets[i].transport) !=
            transport_is_stream(plan->targets[0].transport))
            errx(argp_err_exit_status,
                 "--load: targets must be all streams (tcp, unix), or all datagrams (udp, "
                 "unix-dgram)");
}

/* Returns OUTCOME_ANSWERED, or the class of the failure after a message. */
static enum outcome find_all(struct load_plan *plan, const struct cmdline *cmdline,
                             const struct target_list *targets, const struct deadline *deadline)
{
    struct deadline share = deadline_at_most(deadline, cmdline->timeout_ns);
    struct message error;

    for (size_t i = 0; i < targets->count; i++) {
        const struct target *target = &targets->targets[i];
        enum outcome outcome =
            destination_find(&plan->targets[i], target, cmdline->family, &plan->source, &share, &error);

        if (outcome != OUTCOME_ANSWERED) {
            load_text_failure(target, outcome, error.text);
            return outcome;
        }
        plan->target_count++;
    }
    return OUTCOME_ANSWERED;
}

enum cmdline_exit load_plan_make(struct load_plan *plan, const struct cmdline *cmdline,
                                 const struct target_list *targets, const struct deadline *deadline)
{
    enum outcome outcome;

    fill(plan, cmdline);
    plan->targets = calloc(targets->count, sizeof(*plan->targets));
    if (!plan->targets)
        errx(argp_err_exit_status, "out of memory");
    outcome = find_all(plan, cmdline, targets, deadline);
    if (outcome != OUTCOME_ANSWERED)
        return outcome == OUTCOME_LOCAL ? CMDLINE_ERROR : CMDLINE_NO_ANSWER;
    check_kinds(plan);
    check_sources(plan);
    check_files(plan);
    return CMDLINE_ANSWERED;
}

void load_plan_free(struct load_plan *plan)
{
    free(plan->targets);
    plan->targets = NULL;
}
