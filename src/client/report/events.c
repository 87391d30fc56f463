/* SPDX-License-Identifier: MIT */
#include "client/report/events.h"

#include "base/util.h"
#include "client/report/json.h"
#include "client/report/stamp.h"

#include <stdlib.h>

#define NAME_MAX_BYTES (TARGET_LABEL_MAX + 32)

static void print(const struct events *events, json_t *event)
{
    report_json_print(events->streams->output.stream, event);
}

static const char *name_of(const struct target *target)
{
    return transport_is_unix(target->endpoint.transport) ? NULL : target->endpoint.host;
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static struct report_json_request request_of(const struct request *request, const struct attempt *attempt,
                                             char name[NAME_MAX_BYTES])
{
    target_text(request->target, name, NAME_MAX_BYTES);
    return (struct report_json_request){.target = name,
                                        .name = name_of(request->target),
                                        .transport = request->target->endpoint.transport,
                                        .peer = attempt ? &attempt->peer : NULL,
                                        .sequence = request->sequence};
}

void events_start(const struct events *events, const struct target_list *targets)
{
    const struct cmdline *cmdline = events->cmdline;
    const char **texts = calloc(targets->count + 1, sizeof(char *));
    char(*names)[NAME_MAX_BYTES] = calloc(targets->count + 1, sizeof(*names));
    struct report_json_start start = {.targets = texts,
                                      .target_count = targets->count,
                                      .count = cmdline->counting ? cmdline->count : 1,
                                      .interval_ns =
                                          cmdline->counting ? cmdline->interval_ns : REPORT_JSON_UNKNOWN,
                                      .timeout_ns = cmdline->timeout_ns};

    for (size_t i = 0; texts && names && i < targets->count; i++) {
        target_text(&targets->targets[i], names[i], sizeof(names[i]));
        texts[i] = names[i];
    }
    if (texts && names)
        print(events, report_json_start(&start, stamp_now_ns()));
    free(names);
    free(texts);
}

static void report_step(void *report, const struct request *request, const struct attempt *attempt,
                        enum request_step step)
{
    static const char *const results[] = {
        [REQUEST_TRYING] = "started", [REQUEST_CONNECTED] = "connected", [REQUEST_GIVEN_UP] = "failed"};
    const struct events *events = report;
    bool failed = step == REQUEST_GIVEN_UP;
    char name[NAME_MAX_BYTES];
    const struct report_json_attempt event = {.request = request_of(request, attempt, name),
                                              .local = attempt->local.length ? &attempt->local : NULL,
                                              .result = results[step],
                                              .time_ns = monotonic_ns() - request->started_ns,
                                              .outcome = attempt->outcome,
                                              .phase = failed ? phase_word(attempt->phase) : NULL,
                                              .error = failed ? attempt->text : NULL};

    if (events->cmdline->verbose)
        print(events, report_json_attempt(&event, stamp_now_ns()));
}

static int64_t since(const struct request *request, int64_t point_ns)
{
    return point_ns ? point_ns - request->raced_ns : REPORT_JSON_UNKNOWN;
}

static struct report_json_answer answer_of(const struct visit *visit, const struct request *request,
                                           const struct result *result, char name[NAME_MAX_BYTES])
{
    const struct attempt *attempt = request->decisive;
    struct report_json_answer answer = {.request = request_of(request, attempt, name),
                                        .lookup_ns =
                                            visit->is_name ? visit->addresses.took_ns : REPORT_JSON_UNKNOWN,
                                        .connect_ns = REPORT_JSON_UNKNOWN,
                                        .first_ns = REPORT_JSON_UNKNOWN,
                                        .last_ns = monotonic_ns() - request->started_ns,
                                        .greeting = result->greeting,
                                        .length = result->length,
                                        .whole = result->answer,
                                        .whole_length = result->answer_length,
                                        .who = or_null(result->who)};

    if (!attempt)
        return answer;
    answer.local = attempt->local.length ? &attempt->local : NULL;
    answer.complete = attempt->outcome == OUTCOME_ANSWERED && !attempt->unended;
    answer.first_ns = since(request, attempt->first_ns);
    if (attempt->last_ns)
        answer.last_ns = since(request, attempt->last_ns);
    if (attempt->connected_ns && transport_is_stream(attempt->transport))
        answer.connect_ns = attempt->connected_ns - attempt->started_ns;
    return answer;
}

static void print_change(const struct events *events, const struct visit *visit,
                         const struct request *request, const struct result *result)
{
    const struct outages *outages = &visit->outages;
    bool answered = result->outcome == OUTCOME_ANSWERED;
    char name[NAME_MAX_BYTES];
    bool was_up = outages->outcome_before == OUTCOME_ANSWERED;
    const struct report_json_state before = {.outcome = outages->outcome_before,
                                             .who = was_up ? or_null(outages->before.who) : NULL,
                                             .peer = was_up ? &outages->before.peer : NULL};
    const struct report_json_state after = {.outcome = result->outcome,
                                            .who = or_null(result->who),
                                            .peer = request->decisive ? &request->decisive->peer : NULL,
                                            .error = answered ? NULL : result->text};
    const struct report_json_change change = {.request = request_of(request, request->decisive, name),
                                              .before = result->change & OUTAGES_FIRST ? NULL : &before,
                                              .after = &after};

    print(events, report_json_change(&change, stamp_ns_of(request->started_ns)));
}

static void print_outage(FILE *out, const struct visit *visit, const struct outage *outage)
{
    char name[NAME_MAX_BYTES];
    const struct report_json_outage event = {.request = {.target = name,
                                                         .name = name_of(visit->target),
                                                         .transport = visit->target->endpoint.transport,
                                                         .sequence = outage->sequence},
                                             .start_ns = stamp_ns_of(outage->from_ns),
                                             .end_ns = outage->to_ns ? stamp_ns_of(outage->to_ns)
                                                                     : REPORT_JSON_UNKNOWN,
                                             .length_ns = outage_length(outage, monotonic_ns()),
                                             .lost = outage->lost,
                                             .losses = outage->losses,
                                             .who_before = or_null(outage->before.who),
                                             .who_after = or_null(outage->after.who)};

    target_text(visit->target, name, sizeof(name));
    report_json_print(out, report_json_outage(&event, stamp_now_ns()));
}

static void ended(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result)
{
    const struct events *events = report;
    char name[NAME_MAX_BYTES];
    struct report_json_answer answer = answer_of(visit, request, result, name);

    if (events->cmdline->watch) {
        if (result->change)
            print_change(events, visit, request, result);
        if (result->change & OUTAGES_UP)
            print_outage(events->streams->output.stream, visit, &visit->outages.current);
    } else if (events->cmdline->quiet) {
        return;
    } else if (result->outcome == OUTCOME_ANSWERED) {
        print(events, report_json_answer(&answer, stamp_now_ns()));
    } else {
        print(events, report_json_loss(&(struct report_json_loss){.answer = answer,
                                                                  .outcome = result->outcome,
                                                                  .phase = phase_word(request->phase),
                                                                  .error = result->text},
                                       stamp_now_ns()));
    }
}

static size_t list_answerers(struct report_json_who list[ANSWERERS_MAX + 2],
                             const struct answerers *answerers)
{
    size_t count = 0;

    for (; count < answerers->count; count++)
        list[count] = (struct report_json_who){answerers->list[count].who, answerers->list[count].count};
    if (answerers->others + answerers->unnamed > 0)
        list[count++] = (struct report_json_who){NULL, answerers->others + answerers->unnamed};
    return count;
}

static void print_summary(FILE *out, const struct visit *visit, int64_t run_ns, bool final)
{
    struct report_json_who list[ANSWERERS_MAX + 2];
    char name[NAME_MAX_BYTES];
    const struct report_json_summary summary = {.target = name,
                                                .name = name_of(visit->target),
                                                .transport = visit->target->endpoint.transport,
                                                .duration_ns = run_ns,
                                                .statistics = &visit->statistics,
                                                .answered_by = list,
                                                .answered_by_count = list_answerers(list, &visit->answerers),
                                                .final = final};

    target_text(visit->target, name, sizeof(name));
    report_json_print(out, report_json_summary(&summary, stamp_now_ns()));
}

static void interim(void *report, const struct visit *visit, int64_t run_ns)
{
    const struct events *events = report;

    print_summary(events->streams->output.stream, visit, run_ns, false);
}

static void sum_up(void *report, FILE *out, const struct visit *visit, int64_t run_ns)
{
    const struct events *events = report;

    if (events->cmdline->watch && visit->outages.is_down)
        print_outage(out, visit, &visit->outages.current);
    if (events->cmdline->counting)
        print_summary(out, visit, run_ns, true);
}

const struct report_ops events_ops = {
    .step = report_step, .ended = ended, .interim = interim, .summary = sum_up};
