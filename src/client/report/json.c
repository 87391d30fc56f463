/* SPDX-License-Identifier: MIT */
#include "client/report/json.h"

#include "base/printable.h"
#include "client/report/json_value.h"

#include <stdlib.h>
#include <string.h>

/* An object that is being filled; failed: out of memory, so that finish() returns NULL. */
struct event {
    json_t *object;
    bool failed;
};

/* Takes ownership of value. */
static void put(struct event *event, const char *name, json_t *value)
{
    event->failed |= json_object_set_new(event->object, name, value) < 0;
}

static json_t *finish(struct event *event)
{
    if (!event->failed)
        return event->object;
    json_decref(event->object);
    return NULL;
}

static struct event begin(const char *name, int64_t now_ns)
{
    struct event event = {.object = json_object()};

    put(&event, "schema", json_integer(REPORT_JSON_SCHEMA));
    put(&event, "event", json_string(name));
    put(&event, "timestamp", json_value_timestamp(now_ns));
    return event;
}

static void put_target(struct event *event, const char *target, const char *name, enum transport transport)
{
    put(event, "target", json_value_text(target));
    put(event, "name", json_value_text(name));
    put(event, "transport", json_string(transport_name(transport)));
}

static void put_request(struct event *event, const struct report_json_request *request)
{
    put_target(event, request->target, request->name, request->transport);
    put(event, "family", json_value_family(request->peer));
    put(event, "address", json_value_host(request->peer));
    put(event, "port", json_value_port(request->peer));
    put(event, "seq", json_integer((json_int_t)request->sequence));
}

static void put_local(struct event *event, const struct address *local)
{
    put(event, "local_address", json_value_host(local));
    put(event, "local_port", json_value_port(local));
}

/* A greeting in JSON, so that programs need not parse a text within a text. */
static void put_object(struct event *event, const struct report_json_answer *answer)
{
    json_t *object;

    if (answer->whole_length == 0 || answer->whole_length > REPORT_JSON_GREETING_MAX || *answer->whole != '{')
        return;
    object = json_loadb(answer->whole, answer->whole_length, JSON_REJECT_DUPLICATES, NULL);
    if (object)
        put(event, "json", object);
}

static void put_greeting(struct event *event, const struct report_json_answer *answer)
{
    size_t cut = answer->length < REPORT_JSON_GREETING_MAX ? answer->length : REPORT_JSON_GREETING_MAX;

    put(event, "bytes", json_integer((json_int_t)answer->length));
    put(event, "greeting", json_value_bytes(answer->greeting, cut));
    put(event, "complete", json_boolean(answer->complete));
    put(event, "who", json_value_text(answer->who));
    put_object(event, answer);
}

static void put_answer(struct event *event, const struct report_json_answer *answer)
{
    put_request(event, &answer->request);
    put_local(event, answer->local);
    put(event, "lookup_ms", json_value_ms(answer->lookup_ns));
    put(event, "connect_ms", json_value_ms(answer->connect_ns));
    put(event, "first_ms", json_value_ms(answer->first_ns));
    put(event, "time_ms", json_value_ms(answer->last_ns));
    put_greeting(event, answer);
}

static void put_failure(struct event *event, enum outcome outcome, const char *phase, const char *error)
{
    put(event, "class", json_string(outcome_word(outcome)));
    put(event, "phase", json_value_text(phase));
    put(event, "error", json_value_text(error));
}

/* All classes of losses, including those without any. */
static json_t *count_losses(const uint64_t *losses)
{
    struct event counts = {.object = json_object()};

    for (unsigned i = 0; i < OUTCOME_COUNT; i++)
        if (i != OUTCOME_ANSWERED && i != OUTCOME_LOCAL)
            put(&counts, outcome_word((enum outcome)i), json_integer((json_int_t)losses[i]));
    return finish(&counts);
}

json_t *report_json_start(const struct report_json_start *start, int64_t now_ns)
{
    struct event event = begin("start", now_ns);
    json_t *targets = json_array();

    for (size_t i = 0; i < start->target_count; i++)
        event.failed |= json_array_append_new(targets, json_value_text(start->targets[i])) < 0;
    put(&event, "version", json_string(PACKAGE_VERSION));
    put(&event, "targets", targets);
    put(&event, "count", start->count ? json_integer((json_int_t)start->count) : json_null());
    put(&event, "interval_ms", json_value_ms(start->interval_ns));
    put(&event, "timeout_ms", json_value_ms(start->timeout_ns));
    return finish(&event);
}

json_t *report_json_answer(const struct report_json_answer *answer, int64_t now_ns)
{
    struct event event = begin("answer", now_ns);

    put_answer(&event, answer);
    return finish(&event);
}

json_t *report_json_loss(const struct report_json_loss *loss, int64_t now_ns)
{
    struct event event = begin("loss", now_ns);

    put_answer(&event, &loss->answer);
    put_failure(&event, loss->outcome, loss->phase, loss->error);
    return finish(&event);
}

json_t *report_json_attempt(const struct report_json_attempt *attempt, int64_t now_ns)
{
    struct event event = begin("attempt", now_ns);

    put_request(&event, &attempt->request);
    put_local(&event, attempt->local);
    put(&event, "result", json_value_text(attempt->result));
    put(&event, "time_ms", json_value_ms(attempt->time_ns));
    if (attempt->error)
        put_failure(&event, attempt->outcome, attempt->phase, attempt->error);
    return finish(&event);
}

static json_t *state(const struct report_json_state *state)
{
    struct event event = {.object = json_object()};

    put(&event, "class", json_string(outcome_word(state->outcome)));
    put(&event, "who", json_value_text(state->who));
    put(&event, "address", json_value_host(state->peer));
    put(&event, "error", json_value_text(state->error));
    return finish(&event);
}

json_t *report_json_change(const struct report_json_change *change, int64_t now_ns)
{
    struct event event = begin("change", now_ns);

    put_request(&event, &change->request);
    put(&event, "before", change->before ? state(change->before) : json_null());
    put(&event, "after", state(change->after));
    return finish(&event);
}

json_t *report_json_outage(const struct report_json_outage *outage, int64_t now_ns)
{
    struct event event = begin("outage", now_ns);

    put_request(&event, &outage->request);
    put(&event, "start", json_value_timestamp(outage->start_ns));
    put(&event, "end", json_value_timestamp(outage->end_ns));
    put(&event, "length_ms", json_value_ms(outage->length_ns));
    put(&event, "lost", json_integer((json_int_t)outage->lost));
    put(&event, "losses", count_losses(outage->losses));
    put(&event, "who_before", json_value_text(outage->who_before));
    put(&event, "who_after", json_value_text(outage->who_after));
    return finish(&event);
}

static json_t *time_or_null(const struct statistics *statistics, double ms)
{
    return statistics->answered ? json_real(ms) : json_null();
}

static void put_times(struct event *event, const struct statistics *statistics)
{
    struct statistics_times times = statistics_times(statistics);

    put(event, "min_ms", time_or_null(statistics, times.min));
    put(event, "avg_ms", time_or_null(statistics, times.avg));
    put(event, "max_ms", time_or_null(statistics, times.max));
    put(event, "mdev_ms", time_or_null(statistics, times.mdev));
    put(event, "p50_ms", time_or_null(statistics, times.p50));
    put(event, "p90_ms", time_or_null(statistics, times.p90));
    put(event, "p99_ms", time_or_null(statistics, times.p99));
}

static void put_counts(struct event *event, const struct statistics *statistics)
{
    uint64_t lost = statistics_lost(statistics), ended = statistics->answered + lost;

    put(event, "sent", json_integer((json_int_t)statistics->sent));
    put(event, "answered", json_integer((json_int_t)statistics->answered));
    put(event, "outstanding", json_integer((json_int_t)statistics_outstanding(statistics)));
    put(event, "lost", json_integer((json_int_t)lost));
    put(event, "loss_percent", ended ? json_real(100.0 * (double)lost / (double)ended) : json_null());
    put(event, "losses", count_losses(statistics->losses));
}

static json_t *answerer(const struct report_json_who *who)
{
    struct event event = {.object = json_object()};

    put(&event, "who", json_value_text(who->who));
    put(&event, "answers", json_integer((json_int_t)who->answers));
    return finish(&event);
}

json_t *report_json_summary(const struct report_json_summary *summary, int64_t now_ns)
{
    struct event event = begin("summary", now_ns);
    json_t *answered_by = json_array();

    for (size_t i = 0; i < summary->answered_by_count; i++)
        event.failed |= json_array_append_new(answered_by, answerer(&summary->answered_by[i])) < 0;
    put_target(&event, summary->target, summary->name, summary->transport);
    put(&event, "final", json_boolean(summary->final));
    put(&event, "duration_ms", json_value_ms(summary->duration_ns));
    put_counts(&event, summary->statistics);
    put_times(&event, summary->statistics);
    put(&event, "answered_by", answered_by);
    return finish(&event);
}

bool report_json_print(FILE *out, json_t *event)
{
    /* Every double has 15 digits: with more, 0.14 would be printed as 0.14000000000000001. */
    char *text = event ? json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

    json_decref(event);
    if (!text)
        return false;
    printable_json(out, text, strlen(text));
    free(text);
    return fputc('\n', out) != EOF && !ferror(out);
}
