/* SPDX-License-Identifier: MIT */
#include "client/options/load_options.h"

#include "base/util.h"
#include "client/options/arguments.h"

#include <ctype.h>
#include <sched.h>
#include <stdlib.h>

#define CONNECTIONS_MAX 1000000
#define RATE_MAX        1e8
#define SOURCES_MAX     60000 /* 127.1.0.1 to 127.235.95.1 */

enum key {
    KEY_LOAD = 0x300,
    KEY_RATE,
    KEY_CONNECTIONS,
    KEY_DURATION,
    KEY_THREADS,
    KEY_FAIL,
    KEY_PLOT,
    KEY_GREETING,
    KEY_SOURCES,
    KEY_CPUS
};

static const struct argp_option options[] = {
    {"load", KEY_LOAD, NULL, 0, "Send many requests at once; report rate, errors and latency", 0},
    {"rate", KEY_RATE, "RATE", 0, "Start RATE requests a second (default: the next one when one has ended)",
     0},
    {"connections", KEY_CONNECTIONS, "COUNT", 0,
     "Requests at once (default: 16); with --rate: limit (default: 1000)", 0},
    {"duration", KEY_DURATION, "TIME", 0, "Start requests for this time (default: 10s; with -c: no limit)",
     0},
    {"threads", KEY_THREADS, "COUNT", 0, "Threads (default: one per processor, at most 4)", 0},
    {"fail", KEY_FAIL, "LIMIT", 0,
     "Exit with 1 unless the result is within LIMIT, such as 'p99<5ms' (repeatable)", 0},
    {"plot", KEY_PLOT, "FILE", 0, "Plot latency by percentile to FILE, as SVG", 0},
    {"greeting", KEY_GREETING, "TEXT", 0,
     "Count answers other than this text (with \\n, \\r, \\t, \\\\ and \\xHH) as errors", 0},
    {"sources", KEY_SOURCES, "COUNT", 0,
     "Send from COUNT loopback addresses in turn: 127.1.0.1, 127.1.1.1, ...", 0},
    {"cpus", KEY_CPUS, "LIST", 0, "Bind threads to these processors in turn, such as 0,1", 0},
    {0},
};

static void set_cpus(struct argp_state *state, struct load_options *load, const char *text)
{
    const char *rest = text;
    char *end;

    for (load->cpu_count = 0; load->cpu_count < PLAN_THREADS_MAX && isdigit((unsigned char)*rest);
         rest = end + 1) {
        unsigned long cpu = strtoul(rest, &end, 10);

        if (cpu >= CPU_SETSIZE)
            break;
        load->cpus[load->cpu_count++] = (unsigned)cpu;
        if (!*end)
            return;
        if (*end != ',')
            break;
    }
    argp_error(state, "--cpus: '%s' is not a list of processors; allowed: at most %d, such as 0,1", text,
               PLAN_THREADS_MAX);
}

static void set_limit(struct argp_state *state, struct load_options *load, const char *text)
{
    if (load->limit_count == LOAD_LIMITS_MAX)
        argp_error(state, "--fail: too many limits; allowed: %d", LOAD_LIMITS_MAX);
    if (!limit_parse(&load->limits[load->limit_count], text))
        argp_error(state, "--fail: '%s' is not a limit; allowed: %s", text, limit_syntax);
    load->limit_count++;
}

static void set_rate(struct argp_state *state, struct load_options *load, const char *text)
{
    load->rate = arguments_number(state, "--rate", text, 0, RATE_MAX);
    if (load->rate <= 0)
        argp_error(state, "--rate: '%s' is not a rate; allowed: more than 0 requests a second", text);
}

static const char *name_of(int key)
{
    for (const struct argp_option *option = options; option->name; option++)
        if (option->key == key)
            return option->name;
    return NULL;
}

static void check(struct argp_state *state, const struct load_options *load)
{
    if (load->needs_load && !load->chosen)
        argp_error(state, "--%s needs --load", load->needs_load);
}

static error_t parse_detail_option(int key, char *argument, struct argp_state *state)
{
    struct load_options *load = state->input;

    switch (key) {
    case KEY_FAIL:
        set_limit(state, load, argument);
        break;
    case KEY_PLOT:
        load->plot = argument;
        break;
    case KEY_GREETING:
        load->greeting_length = arguments_unescape(state, "--greeting", argument, argument);
        load->greeting = argument;
        break;
    case KEY_SOURCES:
        load->sources = arguments_whole(state, "--sources", argument, 1, SOURCES_MAX);
        break;
    case KEY_CPUS:
        set_cpus(state, load, argument);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct load_options *load = state->input;

    if (name_of(key) && key != KEY_LOAD)
        load->needs_load = name_of(key);
    switch (key) {
    case KEY_LOAD:
        load->chosen = true;
        break;
    case KEY_RATE:
        set_rate(state, load, argument);
        break;
    case KEY_CONNECTIONS:
        load->connections = arguments_whole(state, "--connections", argument, 1, CONNECTIONS_MAX);
        break;
    case KEY_DURATION:
        load->duration_ns = arguments_duration(state, "--duration", argument, NS_PER_MS);
        break;
    case KEY_THREADS:
        load->threads = arguments_whole(state, "--threads", argument, 1, PLAN_THREADS_MAX);
        break;
    case ARGP_KEY_END:
        check(state, load);
        break;
    default:
        return parse_detail_option(key, argument, state);
    }
    return 0;
}

const struct argp load_options_argp = {.options = options, .parser = parse_option};
