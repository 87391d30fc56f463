/* SPDX-License-Identifier: MIT */
#include "service/metrics.h"

#include "base/json_write.h"
#include "base/util.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LONGEST_OF_SERVICE  (16 * 1024)
#define SAMPLES_OF_LISTENER 8 /* without those of results */
#define LONGEST_SAMPLE      256

size_t metrics_size(size_t listeners)
{
    return sizeof(struct metrics) + listeners * sizeof(struct metrics_listener);
}

size_t metrics_longest(size_t listeners)
{
    return LONGEST_OF_SERVICE + listeners * (RESULT_COUNT + SAMPLES_OF_LISTENER) * LONGEST_SAMPLE;
}

bool metrics_are_whole(struct metrics *metrics, size_t size)
{
    if (size < sizeof(*metrics) || metrics->listener_count > METRICS_LISTENERS ||
        size != metrics_size(metrics->listener_count))
        return false;
    metrics->state = STATE_DEFAULT;
    for (size_t i = 0; i < metrics->listener_count; i++) {
        struct metrics_listener *listener = &metrics->listeners[i];

        listener->name[METRICS_NAME - 1] = '\0';
        if (listener->transport > TRANSPORT_COUNT)
            listener->transport = TRANSPORT_COUNT;
    }
    return true;
}

static const char *transport_of(const struct metrics_listener *listener)
{
    return listener->transport < TRANSPORT_COUNT ? transport_name((enum transport)listener->transport) : NULL;
}

uint64_t metrics_connections(const struct metrics *metrics)
{
    return tally_connections(&metrics->totals.clients);
}

/* --- Text --- */

struct page {
    FILE *out;
    const struct metrics *metrics;
    bool open; /* OpenMetrics */
};

enum kind { COUNTER, GAUGE, HISTOGRAM, INFO, STATESET };

/* The suffixes of a family's name in its samples. */
static const char *const suffixes[] = {
    [COUNTER] = "_total", [GAUGE] = "", [HISTOGRAM] = "_bucket", [INFO] = "_info", [STATESET] = ""};

/* The classic format has only the first three kinds, and its families have the name of their samples. */
static void family(const struct page *page, enum kind kind, const char *name, const char *unit,
                   const char *help)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram", "info", "stateset"};
    const char *suffix = page->open || kind == HISTOGRAM ? "" : suffixes[kind];

    fprintf(page->out, "# HELP sockgreet_%s%s %s\n", name, suffix, help);
    fprintf(page->out, "# TYPE sockgreet_%s%s %s\n", name, suffix,
            kinds[!page->open && kind > HISTOGRAM ? GAUGE : kind]);
    if (page->open && unit)
        fprintf(page->out, "# UNIT sockgreet_%s %s\n", name, unit);
}

static void label(const struct page *page, char *before, const char *name, const char *value)
{
    fprintf(page->out, "%c%s=\"", *before, name);
    for (; *value; value++) {
        if (*value == '\n')
            fputs("\\n", page->out);
        else if ((unsigned char)*value < ' ' || (unsigned char)*value >= 0x7f)
            fputc('?', page->out); /* may not be UTF-8 */
        else
            fprintf(page->out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    }
    fputc('"', page->out);
    *before = ',';
}

/* A sample of a family; label_name may be NULL. */
static void sample(const struct page *page, enum kind kind, const char *name,
                   const struct metrics_listener *listener, const char *label_name, const char *label_value,
                   uint64_t value)
{
    char before = '{';

    fprintf(page->out, "sockgreet_%s%s", name, suffixes[kind]);
    if (listener)
        label(page, &before, "listener", listener->name);
    if (listener && transport_of(listener))
        label(page, &before, "transport", transport_of(listener));
    if (label_name)
        label(page, &before, label_name, label_value);
    fprintf(page->out, "%s %" PRIu64 "\n", before == ',' ? "}" : "", value);
}

/* A family with one sample. */
static void single(const struct page *page, enum kind kind, const char *name, const char *help,
                   uint64_t value)
{
    family(page, kind, name, NULL, help);
    sample(page, kind, name, NULL, NULL, NULL, value);
}

static void time_of(const struct page *page, const char *name, const char *help, int64_t ns)
{
    family(page, GAUGE, name, "seconds", help);
    fprintf(page->out, "sockgreet_%s %" PRId64 ".%03d\n", name, ns / NS_PER_S,
            (int)(ns % NS_PER_S / NS_PER_MS));
}

static void taken(const struct page *page)
{
    family(page, COUNTER, "clients", NULL, "Connections accepted and datagrams received.");
    for (size_t i = 0; i < page->metrics->listener_count; i++)
        sample(page, COUNTER, "clients", &page->metrics->listeners[i], NULL, NULL,
               page->metrics->listeners[i].clients.taken);
}

/* The results that are refusals, or all others; each client is in one of the two. */
static void results(const struct page *page, const char *name, const char *label_name, bool refusals)
{
    for (size_t i = 0; i < page->metrics->listener_count; i++)
        for (enum result result = 0; result < RESULT_COUNT; result++)
            if (result_is_refusal(result) == refusals)
                sample(page, COUNTER, name, &page->metrics->listeners[i], label_name, result_name(result),
                       page->metrics->listeners[i].clients.results[result]);
}

static void clients(const struct page *page)
{
    taken(page);
    family(page, COUNTER, "greetings", NULL, "Clients that were served, by result.");
    results(page, "greetings", "result", false);
    family(page, COUNTER, "refusals", NULL, "Clients that a rule or a limit refused, by reason.");
    results(page, "refusals", "reason", true);
    family(page, COUNTER, "greeting_bytes", "bytes", "Bytes of greetings sent.");
    for (size_t i = 0; i < page->metrics->listener_count; i++)
        sample(page, COUNTER, "greeting_bytes", &page->metrics->listeners[i], NULL, NULL,
               page->metrics->listeners[i].clients.bytes);
    family(page, COUNTER, "abandoned_clients", NULL, "Clients lost with a worker that was killed.");
    for (size_t i = 0; i < page->metrics->listener_count; i++)
        sample(page, COUNTER, "abandoned_clients", &page->metrics->listeners[i], NULL, NULL,
               page->metrics->listeners[i].clients.abandoned);
    family(page, GAUGE, "connections", NULL, "Connections open now.");
    for (size_t i = 0; i < page->metrics->listener_count; i++)
        sample(page, GAUGE, "connections", &page->metrics->listeners[i], NULL, NULL,
               tally_connections(&page->metrics->listeners[i].clients));
}

static void times(const struct page *page)
{
    uint64_t count = 0;
    char end[32];

    family(page, HISTOGRAM, "greeting_duration_seconds", "seconds",
           "Time from accepting a connection until its greeting was sent.");
    for (unsigned range = 0; range < TIMES; range++) {
        count += page->metrics->totals.times[range];
        snprintf(end, sizeof(end), range < TIMES - 1 ? "%g" : "+Inf", times_end(range));
        sample(page, HISTOGRAM, "greeting_duration_seconds", NULL, "le", end, count);
    }
}

static void log_entries(const struct page *page)
{
    const struct metrics *m = page->metrics;

    family(page, COUNTER, "log_entries", NULL, "Log entries about clients, by outcome.");
    sample(page, COUNTER, "log_entries", NULL, "outcome", "written", m->written);
    sample(page, COUNTER, "log_entries", NULL, "outcome", "summarised", m->totals.summarised);
    sample(page, COUNTER, "log_entries", NULL, "outcome", "dropped", m->totals.dropped);
}

static void state(const struct page *page)
{
    const struct state *now = &page->metrics->state;

    family(page, STATESET, "state", NULL, "State of the service, as load balancers see it.");
    for (enum state_word word = 0; word < STATE_WORD_COUNT; word++)
        sample(page, STATESET, "state", NULL, "sockgreet_state", state_name(word), word == now->word);
    family(page, GAUGE, "weight_ratio", "ratio",
           "Share of its usual clients that the service wants; 1: all of them.");
    fprintf(page->out, "sockgreet_weight_ratio %u.%02u\n", now->weight / 100, now->weight % 100);
}

static void service(const struct page *page)
{
    const struct metrics *m = page->metrics;

    family(page, INFO, "build", NULL, "The version of sockgreetd.");
    sample(page, INFO, "build", NULL, "version", PACKAGE_VERSION, 1);
    time_of(page, "start_time_seconds", "When the service started, in seconds since 1970.", m->started_ns);
    time_of(page, "sum_time_seconds", "When these values were summed, in seconds since 1970.", m->summed_ns);
    single(page, GAUGE, "generation", "Number of the configuration in effect, counted since the start.",
           m->generation);
    single(page, GAUGE, "workers", "Worker processes that serve.", m->workers);
    single(page, GAUGE, "workers_wanted", "Worker processes that should serve.", m->workers_wanted);
    single(page, COUNTER, "worker_restarts", "Workers that were replaced.", m->restarts);
    family(page, COUNTER, "reloads", NULL, "Reloads of the configuration, by outcome.");
    sample(page, COUNTER, "reloads", NULL, "outcome", "applied", m->reloads);
    sample(page, COUNTER, "reloads", NULL, "outcome", "refused", m->reloads_refused);
    single(page, COUNTER, "accept_pauses",
           "Times that accepting paused because descriptors, memory or connections ran out.",
           m->totals.accept_pauses);
    single(page, COUNTER, "spared_clients",
           "Clients over a limit that were served because of limits.dry_run.", m->totals.spared);
}

char *metrics_text(const struct metrics *metrics, enum metrics_format format, size_t *length)
{
    char *text = NULL;
    struct page page = {.metrics = metrics, .open = format == METRICS_OPEN};

    page.out = open_memstream(&text, length);
    if (!page.out)
        return NULL;
    service(&page);
    state(&page);
    clients(&page);
    times(&page);
    log_entries(&page);
    if (page.open)
        fputs("# EOF\n", page.out);
    if (fclose(page.out) == 0)
        return text;
    free(text);
    return NULL;
}

/* --- JSON --- */

static void add_results(struct json *json, const char *name, const struct tally *clients, bool refusals)
{
    json_write_object(json, name);
    for (enum result result = 0; result < RESULT_COUNT; result++)
        if (result_is_refusal(result) == refusals)
            json_write_number(json, result_name(result), clients->results[result]);
    json_write_close_object(json);
}

static void add_clients(struct json *json, const struct tally *clients)
{
    json_write_number(json, "clients", clients->taken);
    json_write_number(json, "connections", tally_connections(clients));
    json_write_number(json, "served", tally_served(clients));
    json_write_number(json, "refused", tally_refused(clients));
    json_write_number(json, "bytes", clients->bytes);
    json_write_number(json, "abandoned", clients->abandoned);
    add_results(json, "results", clients, false);
    add_results(json, "refusals", clients, true);
}

static void add_times(struct json *json, const struct totals *totals)
{
    json_write_array(json, "times");
    for (unsigned range = 0; range < TIMES; range++) {
        char end[32];

        snprintf(end, sizeof(end), range < TIMES - 1 ? "%g" : "null", times_end(range));
        json_write_object(json, NULL);
        json_write_verbatim(json, "le", end);
        json_write_number(json, "count", totals->times[range]);
        json_write_close_object(json);
    }
    json_write_close_array(json);
}

static void add_service(struct json *json, const struct metrics *metrics, const char *instance)
{
    json_write_text(json, "instance", instance);
    json_write_text(json, "version", PACKAGE_VERSION);
    json_write_time(json, "started", metrics->started_ns);
    json_write_time(json, "summed", metrics->summed_ns);
    json_write_text(json, "state", state_name(metrics->state.word));
    json_write_number(json, "weight", metrics->state.weight);
    json_write_text(json, "reason", metrics->state.reason);
    json_write_number(json, "generation", metrics->generation);
    json_write_object(json, "workers");
    json_write_number(json, "ready", metrics->workers);
    json_write_number(json, "wanted", metrics->workers_wanted);
    json_write_close_object(json);
    json_write_number(json, "restarts", metrics->restarts);
    json_write_object(json, "reloads");
    json_write_number(json, "applied", metrics->reloads);
    json_write_number(json, "refused", metrics->reloads_refused);
    json_write_close_object(json);
    json_write_object(json, "log");
    json_write_number(json, "written", metrics->written);
    json_write_number(json, "summarised", metrics->totals.summarised);
    json_write_number(json, "dropped", metrics->totals.dropped);
    json_write_close_object(json);
    json_write_number(json, "accept_pauses", metrics->totals.accept_pauses);
    json_write_number(json, "spared", metrics->totals.spared);
}

char *metrics_json(const struct metrics *metrics, const char *instance, size_t *length)
{
    struct json json;

    json_write_begin(&json);
    add_service(&json, metrics, instance);
    add_clients(&json, &metrics->totals.clients);
    add_times(&json, &metrics->totals);
    json_write_array(&json, "listeners");
    for (size_t i = 0; i < metrics->listener_count; i++) {
        json_write_object(&json, NULL);
        json_write_text(&json, "name", metrics->listeners[i].name);
        json_write_text(&json, "transport", transport_of(&metrics->listeners[i]));
        add_clients(&json, &metrics->listeners[i].clients);
        json_write_close_object(&json);
    }
    json_write_close_array(&json);
    return json_write_end(&json, length);
}
