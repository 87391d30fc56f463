/* SPDX-License-Identifier: MIT */
#include "master/describe.h"

#include "base/util.h"
#include "master/status.h"

#include <stdio.h>
#include <stdlib.h>

static void add_time(struct json *json, const char *name, const struct view *view, int64_t monotonic)
{
    json_time(json, name, monotonic + view->realtime);
}

/* --- state --- */

static void add_state(struct json *json, const struct state *state)
{
    json_text(json, "state", state_name(state->word));
    json_number(json, "weight", state->weight);
    json_text(json, "reason", state->reason);
}

void describe_readiness(struct json *json, const struct view *view)
{
    const struct readiness *readiness = view->readiness;

    add_state(json, &readiness->state);
    add_time(json, "since", view, readiness->since);
    json_text(json, "origin", readiness_origin_name(readiness->origin));
    json_object(json, "set");
    add_state(json, &readiness->set);
    json_close_object(json);
    json_text(json, "unkept", readiness->unkept.text);
}

/* --- status --- */

static void add_listeners(struct json *json, const struct generation *generation)
{
    struct message trouble = {0};
    size_t all = generation ? sockets_endpoints(&generation->sockets) : 0;
    unsigned down = generation ? sockets_down(&generation->sockets, &trouble) : 0;

    json_object(json, "listeners");
    json_number(json, "up", all - down);
    json_number(json, "down", down);
    json_text(json, "trouble", trouble.text);
    json_close_object(json);
}

static void add_workers(struct json *json, const struct generation *generation)
{
    json_object(json, "workers");
    json_number(json, "ready", generation ? slots_ready(&generation->slots) : 0);
    json_number(json, "wanted", generation ? generation->slots.count : 0);
    json_close_object(json);
}

static void add_sandbox(struct json *json, const struct generation *generation)
{
    struct message message = {0};

    if (generation)
        sandbox_describe(&generation->sandbox, &message);
    json_text(json, "sandbox", *message.text ? message.text : NULL);
}

static void add_finishing(struct json *json, const struct view *view)
{
    json_array(json, "finishing");
    for (unsigned i = 0; i < view->generations->count; i++) {
        const struct generation *generation = view->generations->all[i];

        if (generation->state != GENERATION_DRAINING)
            continue;
        json_object(json, NULL);
        json_number(json, "generation", generation->number);
        json_number(json, "workers", slots_alive(&generation->slots));
        add_time(json, "until", view, generation->kill_at);
        json_close_object(json);
    }
    json_close_array(json);
}

static void add_failure(struct json *json, const struct view *view)
{
    if (view->failure->kind == FAILURE_NONE) {
        json_null(json, "last_failure");
        return;
    }
    json_object(json, "last_failure");
    json_text(json, "text", view->failure->text);
    add_time(json, "time", view, view->failure->at);
    json_close_object(json);
}

/* A file from before 1970 has no time that anybody meant. */
static void add_modification(struct json *json, const struct conf *conf)
{
    if (!conf->file || conf->file_modified.tv_sec < 0) {
        json_null(json, "modified");
        return;
    }
    json_object(json, "modified");
    json_number(json, "seconds", (uint64_t)conf->file_modified.tv_sec);
    json_number(json, "nanoseconds", (uint64_t)conf->file_modified.tv_nsec);
    json_close_object(json);
}

static void add_configuration(struct json *json, const struct view *view, const struct generation *generation)
{
    json_object(json, "configuration");
    json_text(json, "file", generation->conf->file);
    json_number(json, "files", generation->conf->file_count);
    add_time(json, "loaded", view, generation->opened_at);
    add_modification(json, generation->conf);
    json_close_object(json);
}

void describe_status(struct json *json, const struct view *view)
{
    const struct generation *generation = view_current(view);
    struct totals totals;
    uint64_t written;

    generations_totals(view->generations, &totals, &written);
    json_text(json, "version", PACKAGE_VERSION);
    json_text(json, "instance", generation ? generation->conf->instance : "");
    json_number(json, "pid", (uint64_t)getpid());
    json_text(json, "state", status_word(view->state));
    add_time(json, "state_since", view, view->state_since);
    add_time(json, "started", view, view->started_at);
    json_object(json, "readiness");
    describe_readiness(json, view);
    json_close_object(json);
    json_number(json, "generation", view->generations->last_number);
    add_listeners(json, generation);
    add_workers(json, generation);
    add_sandbox(json, generation);
    add_finishing(json, view);
    json_number(json, "greeted", totals_served(&totals));
    json_real(json, "greeted_per_second", view->rate);
    json_number(json, "restarts", generations_restarts(view->generations));
    add_failure(json, view);
    json_text(json, "refused", view->degraded[0] ? view->degraded : NULL);
    json_text(json, "unwanted", view->unwanted);
    json_text(json, "waiting", view->waiting);
    if (generation)
        add_configuration(json, view, generation);
    else
        json_null(json, "configuration");
}

/* --- listeners --- */

static size_t count_shards(const struct sockets *sockets, size_t first)
{
    size_t i = first + 1;

    while (i < sockets->count && sockets_is_shard(sockets, i))
        i++;
    return i - first;
}

static void add_listener(struct json *json, const struct view *view, const struct generation *generation,
                         size_t index)
{
    const struct sockets_member *member = &generation->sockets.members[index];
    const struct tally *clients =
        ledger_sum(&view->generations->accounts.ledger, generation->rows[member->listener]);
    const char *trouble = socket_trouble(member->socket);
    char where[ADDRESS_TEXT_MAX];

    address_text(&member->socket->address, where, sizeof(where));
    json_object(json, NULL);
    json_text(json, "name", member->conf->name);
    json_text(json, "transport", transport_name(member->conf->transport));
    json_text(json, "endpoint", where);
    json_text(json, "interface", member->socket->interface_name);
    json_number(json, "sockets", count_shards(&generation->sockets, index));
    json_text(json, "state", trouble ? "down" : "up");
    json_text(json, "trouble", trouble ? trouble : "");
    json_number(json, "greetings", tally_served(clients) - tally_refused(clients));
    json_number(json, "refusals", tally_refused(clients));
    json_number(json, "connections", tally_connections(clients));
    json_close_object(json);
}

void describe_listeners(struct json *json, const struct view *view)
{
    const struct generation *generation = view_current(view);

    generations_sum_listeners(view->generations);
    json_array(json, "listeners");
    for (size_t i = 0; generation && i < generation->sockets.count; i++)
        if (!sockets_is_shard(&generation->sockets, i))
            add_listener(json, view, generation, i);
    json_close_array(json);
}

/* --- workers --- */

static const char *worker_state(const struct generation *generation, const struct slot *slot)
{
    if (!slot->child.pid)
        return "waiting";
    if (generation->state == GENERATION_DRAINING)
        return "finishing";
    return slot->ready ? "serving" : "starting";
}

static uint64_t greeted_by(const struct generation *generation, unsigned index)
{
    struct totals totals = {0};

    shared_sum_worker(&generation->shared, index, &totals);
    return totals_served(&totals);
}

static void add_worker(struct json *json, const struct view *view, const struct generation *generation,
                       unsigned index)
{
    const struct slot *slot = &generation->slots.table[index];

    json_object(json, NULL);
    json_number(json, "generation", generation->number);
    json_number(json, "worker", index);
    json_number(json, "pid", (uint64_t)slot->child.pid);
    json_text(json, "state", worker_state(generation, slot));
    add_time(json, "since", view, slot->ready ? slot->ready_at : slot->started_at);
    json_number(json, "greeted", greeted_by(generation, index));
    json_number(json, "restarts", slot->starts > 1 ? slot->starts - 1 : 0);
    json_text(json, "last_exit", slot->last_exit);
    if (!slot->child.pid && slot->start_at != SLOT_NEVER)
        add_time(json, "next_start", view, slot->start_at);
    else
        json_null(json, "next_start");
    json_close_object(json);
}

void describe_workers(struct json *json, const struct view *view)
{
    json_array(json, "workers");
    for (unsigned i = 0; i < view->generations->count; i++) {
        const struct generation *generation = view->generations->all[i];

        for (unsigned k = 0; k < generation->slots.count; k++)
            if (generation->slots.table[k].child.pid || generation->state != GENERATION_DRAINING)
                add_worker(json, view, generation, k);
    }
    json_close_array(json);
}

/* --- counters and configuration --- */

void describe_counters(struct json *json, const struct view *view)
{
    struct totals totals;
    uint64_t written;

    generations_totals(view->generations, &totals, &written);
    json_number(json, "served", totals_served(&totals));
    for (enum result i = 0; i < RESULT_COUNT; i++)
        json_number(json, result_name(i), totals.clients.results[i]);
#define CLIENTS_JSON(member, text) json_number(json, #member, totals.clients.member);
#define TOTALS_JSON(member, text)  json_number(json, #member, totals.member);
    COUNTERS(CLIENTS_JSON, TOTALS_JSON)
    json_number(json, "written", written);
}

static void add_text(struct json *json, const struct generation *generation)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    if (out) {
        conf_print_resolved(generation->conf, generation->connections, out);
        fclose(out);
    }
    json_text(json, "text", text);
    free(text);
}

void describe_configuration(struct json *json, const struct view *view)
{
    const struct generation *generation = view_current(view);

    if (!generation) {
        json_null(json, "text");
        return;
    }
    json_text(json, "file", generation->conf->file);
    add_time(json, "loaded", view, generation->opened_at);
    add_text(json, generation);
}
