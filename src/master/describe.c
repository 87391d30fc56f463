/* SPDX-License-Identifier: MIT */
#include "master/describe.h"

#include "base/util.h"
#include "master/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static void add_time(struct json *json, const char *name, const struct view *view, int64_t monotonic)
{
    json_write_time(json, name, monotonic + view->realtime);
}

/* --- state --- */

static void add_state(struct json *json, const struct state *state)
{
    json_write_text(json, "state", state_name(state->word));
    json_write_number(json, "weight", state->weight);
    json_write_text(json, "reason", state->reason);
}

void describe_readiness(struct json *json, const struct view *view)
{
    const struct readiness *readiness = view->readiness;

    add_state(json, &readiness->state);
    add_time(json, "since", view, readiness->since);
    json_write_text(json, "origin", readiness_origin_name(readiness->origin));
    json_write_object(json, "set");
    add_state(json, &readiness->set);
    json_write_close_object(json);
    json_write_text(json, "unkept", readiness->unkept.text);
}

/* --- status --- */

static void add_listeners(struct json *json, const struct generation *generation)
{
    struct message trouble = {0};
    size_t all = generation ? sockets_endpoints(&generation->sockets) : 0;
    unsigned down = generation ? sockets_down(&generation->sockets, &trouble) : 0;

    json_write_object(json, "listeners");
    json_write_number(json, "up", all - down);
    json_write_number(json, "down", down);
    json_write_text(json, "trouble", trouble.text);
    json_write_close_object(json);
}

static void add_workers(struct json *json, const struct generation *generation)
{
    json_write_object(json, "workers");
    json_write_number(json, "ready", generation ? slots_ready(&generation->slots) : 0);
    json_write_number(json, "wanted", generation ? generation->slots.count : 0);
    json_write_close_object(json);
}

static void add_sandbox(struct json *json, const struct generation *generation)
{
    struct message message = {0};

    if (generation)
        sandbox_describe(&generation->sandbox, &message);
    json_write_text(json, "sandbox", *message.text ? message.text : NULL);
}

static void add_finishing(struct json *json, const struct view *view)
{
    json_write_array(json, "finishing");
    for (unsigned i = 0; i < view->generations->count; i++) {
        const struct generation *generation = view->generations->all[i];

        if (generation->state != GENERATION_DRAINING)
            continue;
        json_write_object(json, NULL);
        json_write_number(json, "generation", generation->number);
        json_write_number(json, "workers", slots_alive(&generation->slots));
        add_time(json, "until", view, generation->kill_at);
        json_write_close_object(json);
    }
    json_write_close_array(json);
}

static void add_failure(struct json *json, const struct view *view)
{
    if (view->failure->kind == FAILURE_NONE) {
        json_write_null(json, "last_failure");
        return;
    }
    json_write_object(json, "last_failure");
    json_write_text(json, "text", view->failure->text);
    add_time(json, "time", view, view->failure->at);
    json_write_close_object(json);
}

static void add_last_reload(struct json *json, const struct view *view)
{
    const struct last_reload *last = &view->last_reload;

    if (last->at == 0) {
        json_write_null(json, "last_reload");
        return;
    }
    json_write_object(json, "last_reload");
    json_write_text(json, "result", last->code == EX_OK ? "succeeded" : "refused");
    add_time(json, "time", view, last->at);
    json_write_number(json, "code", (uint64_t)last->code);
    json_write_text(json, "reason", last->code == EX_OK ? NULL : last->reason.text);
    json_write_close_object(json);
}

/* A time before 1970 is not a real modification time. */
static void add_modification(struct json *json, const struct conf *conf)
{
    if (!conf->file || conf->file_modified.tv_sec < 0) {
        json_write_null(json, "modified");
        return;
    }
    json_write_object(json, "modified");
    json_write_number(json, "seconds", (uint64_t)conf->file_modified.tv_sec);
    json_write_number(json, "nanoseconds", (uint64_t)conf->file_modified.tv_nsec);
    json_write_close_object(json);
}

static void add_configuration(struct json *json, const struct view *view, const struct generation *generation)
{
    json_write_object(json, "configuration");
    json_write_text(json, "file", generation->conf->file);
    json_write_number(json, "files", generation->conf->file_count);
    add_time(json, "loaded", view, generation->opened_at);
    if (generation->promoted_at)
        add_time(json, "in_effect_since", view, generation->promoted_at);
    else
        json_write_null(json, "in_effect_since");
    add_modification(json, generation->conf);
    json_write_close_object(json);
}

void describe_status(struct json *json, const struct view *view)
{
    const struct generation *generation = view_current(view);
    struct totals totals;
    uint64_t written;

    generations_totals(view->generations, &totals, &written);
    json_write_text(json, "version", PACKAGE_VERSION);
    json_write_text(json, "instance", generation ? generation->conf->instance : "");
    json_write_number(json, "pid", (uint64_t)getpid());
    json_write_text(json, "state", status_word(view->state));
    add_time(json, "state_since", view, view->state_since);
    add_time(json, "started", view, view->started_at);
    json_write_number(json, "uptime", (uint64_t)((view->now - view->started_at) / NS_PER_S));
    json_write_object(json, "readiness");
    describe_readiness(json, view);
    json_write_close_object(json);
    json_write_number(json, "generation", generation ? generation->number : view->generations->last_number);
    add_listeners(json, generation);
    add_workers(json, generation);
    add_sandbox(json, generation);
    add_finishing(json, view);
    json_write_number(json, "greeted", totals_served(&totals));
    json_write_real(json, "greeted_per_second", view->rate);
    json_write_number(json, "restarts", generations_restarts(view->generations));
    add_failure(json, view);
    add_last_reload(json, view);
    json_write_text(json, "refused", view->degraded[0] ? view->degraded : NULL);
    json_write_text(json, "unwanted", view->unwanted);
    json_write_text(json, "waiting", view->waiting);
    if (generation)
        add_configuration(json, view, generation);
    else
        json_write_null(json, "configuration");
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
    json_write_object(json, NULL);
    json_write_text(json, "name", member->conf->name);
    json_write_text(json, "transport", transport_name(member->conf->transport));
    json_write_text(json, "endpoint", where);
    json_write_text(json, "interface", member->socket->interface_name);
    json_write_number(json, "sockets", count_shards(&generation->sockets, index));
    json_write_text(json, "state", trouble ? "down" : "up");
    json_write_text(json, "trouble", trouble ? trouble : "");
    json_write_number(json, "greetings", tally_served(clients) - tally_refused(clients));
    json_write_number(json, "refusals", tally_refused(clients));
    json_write_number(json, "connections", tally_connections(clients));
    json_write_close_object(json);
}

void describe_listeners(struct json *json, const struct view *view)
{
    const struct generation *generation = view_current(view);

    generations_sum_listeners(view->generations);
    json_write_array(json, "listeners");
    for (size_t i = 0; generation && i < generation->sockets.count; i++)
        if (!sockets_is_shard(&generation->sockets, i))
            add_listener(json, view, generation, i);
    json_write_close_array(json);
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

    json_write_object(json, NULL);
    json_write_number(json, "generation", generation->number);
    json_write_number(json, "worker", index);
    json_write_number(json, "pid", (uint64_t)slot->child.pid);
    json_write_text(json, "state", worker_state(generation, slot));
    add_time(json, "since", view, slot->ready ? slot->ready_at : slot->started_at);
    json_write_number(json, "greeted", greeted_by(generation, index));
    json_write_number(json, "restarts", slot->starts > 1 ? slot->starts - 1 : 0);
    json_write_text(json, "last_exit", slot->last_exit);
    if (!slot->child.pid && slot->start_at != SLOT_NEVER)
        add_time(json, "next_start", view, slot->start_at);
    else
        json_write_null(json, "next_start");
    json_write_close_object(json);
}

void describe_workers(struct json *json, const struct view *view)
{
    json_write_array(json, "workers");
    for (unsigned i = 0; i < view->generations->count; i++) {
        const struct generation *generation = view->generations->all[i];

        for (unsigned k = 0; k < generation->slots.count; k++)
            if (generation->slots.table[k].child.pid || generation->state != GENERATION_DRAINING)
                add_worker(json, view, generation, k);
    }
    json_write_close_array(json);
}

/* --- counters and configuration --- */

void describe_counters(struct json *json, const struct view *view)
{
    struct totals totals;
    uint64_t written;

    generations_totals(view->generations, &totals, &written);
    json_write_number(json, "served", totals_served(&totals));
    for (enum result i = 0; i < RESULT_COUNT; i++)
        json_write_number(json, result_name(i), totals.clients.results[i]);
#define CLIENTS_JSON(member, text) json_write_number(json, #member, totals.clients.member);
#define TOTALS_JSON(member, text)  json_write_number(json, #member, totals.member);
    COUNTERS(CLIENTS_JSON, TOTALS_JSON)
    json_write_number(json, "written", written);
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
    json_write_text(json, "text", text);
    free(text);
}

void describe_configuration(struct json *json, const struct view *view)
{
    const struct generation *generation = view_current(view);

    if (!generation) {
        json_write_null(json, "text");
        return;
    }
    json_write_text(json, "file", generation->conf->file);
    add_time(json, "loaded", view, generation->opened_at);
    add_text(json, generation);
}
