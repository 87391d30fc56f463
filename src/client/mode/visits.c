/* SPDX-License-Identifier: MIT */
#include "client/mode/visits.h"

#include "base/util.h"
#include "client/http_answer.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_UP_AGAIN_NS NS_PER_S /* minimum time from one look-up of a name to the next */

static const struct report_ops *ops(const struct visits *visits)
{
    return visits->report.ops;
}

static void *report(const struct visits *visits)
{
    return visits->report.context;
}

static void note_change(struct visit *visit, const struct request *request, struct result *result)
{
    struct outages_result noted = {.sequence = request->sequence,
                                   .sent_ns = request->started_ns,
                                   .outcome = result->outcome,
                                   .who = result->who};

    if (result->outcome == OUTCOME_ANSWERED)
        noted.peer = request->decisive->peer;
    result->change = outages_add(&visit->outages, &noted);
}

static void print_result(struct visit *visit, const struct request *request)
{
    struct visits *visits = visit->visits;
    struct result result;

    result_judge(&result, &visit->memory, &visits->judging, request);
    if (result.outcome == OUTCOME_LOCAL) {
        visits->broken = true;
        statistics_remove_sent(&visit->statistics);
    } else if (result.outcome == OUTCOME_ANSWERED) {
        statistics_add_answer(&visit->statistics, request_time(request));
        answerers_add(&visit->answerers, result.who);
    } else {
        statistics_add_loss(&visit->statistics, result.outcome);
    }
    if (visits->cmdline->watch && result.outcome != OUTCOME_LOCAL)
        note_change(visit, request, &result);
    ops(visits)->ended(report(visits), visit, request, &result);
}

/* Most belong at the end: requests usually end in the order in which they were sent. */
static void hold(struct visit *visit, struct request *request)
{
    struct request *earlier = TAILQ_LAST(&visit->held, request_list);

    while (earlier && earlier->sequence > request->sequence)
        earlier = TAILQ_PREV(earlier, request_list, siblings);
    if (earlier)
        TAILQ_INSERT_AFTER(&visit->held, earlier, request, siblings);
    else
        TAILQ_INSERT_HEAD(&visit->held, request, siblings);
}

static void report_held(struct visit *visit)
{
    struct request *request;

    while ((request = TAILQ_FIRST(&visit->held)) && request->sequence == visit->next) {
        TAILQ_REMOVE(&visit->held, request, siblings);
        print_result(visit, request);
        request_free(request);
        visit->next++;
    }
}

/* Without -c: every target's only result, in the order of targets. */
static void report_in_turn(struct visits *visits)
{
    for (; visits->turn < visits->count; visits->turn++) {
        report_held(&visits->list[visits->turn]);
        if (visits->list[visits->turn].next == 1)
            return;
    }
}

static void note_end(struct visits *visits)
{
    if (--visits->outstanding == 0)
        visits->idle(visits->context);
}

static void stop_waiting(struct visit *visit, const struct request *request)
{
    for (struct request **place = &visit->waiting; *place; place = &(*place)->waiting)
        if (*place == request) {
            *place = request->waiting;
            return;
        }
}

static void request_ended(void *context, struct request *request)
{
    struct visits *visits = context;
    struct visit *visit = request->visit;

    stop_waiting(visit, request);
    TAILQ_REMOVE(&visits->open, request, siblings);
    if (!visits->cmdline->counting) {
        hold(visit, request);
        report_in_turn(visits);
    } else if (visits->cmdline->watch) {
        hold(visit, request);
        report_held(visit);
    } else {
        print_result(visit, request);
        request_free(request);
    }
    note_end(visits);
}

static void report_step(void *context, const struct request *request, const struct attempt *attempt,
                        enum request_step step)
{
    const struct visits *visits = context;

    if (ops(visits)->step)
        ops(visits)->step(report(visits), request, attempt, step);
}

/* Late addresses are for requests that have no answer yet. */
static void extend_open(const struct visit *visit)
{
    struct request *request = TAILQ_FIRST(&visit->visits->open), *next;

    for (; request; request = next) {
        next = TAILQ_NEXT(request, siblings);
        if (request->visit == visit && request->awaits_more)
            request_extend(request, &visit->addresses);
    }
}

static void report_addresses(struct visit *visit)
{
    visit->looked_up++;
    if (ops(visit->visits)->looked_up)
        ops(visit->visits)->looked_up(report(visit->visits), visit);
}

static void addresses_found(void *context)
{
    struct visit *visit = context;

    if (!visit->addresses.late || visit->addresses.changed)
        report_addresses(visit);
    extend_open(visit);
    while (visit->waiting) {
        struct request *request = visit->waiting;

        visit->waiting = request->waiting;
        request_race(request, &visit->addresses);
    }
}

static void wait_for_addresses(struct visit *visit, struct request *request)
{
    struct request **place = &visit->waiting;

    while (*place)
        place = &(*place)->waiting;
    *place = request;
    addresses_look_up(&visit->addresses);
}

static void look_up_again(struct visit *visit)
{
    const struct cmdline *cmdline = visit->visits->cmdline;

    if (cmdline->counting && !cmdline->resolve_once && visit->is_name &&
        monotonic_ns() - visit->addresses.started_ns >= LOOK_UP_AGAIN_NS)
        addresses_look_up(&visit->addresses);
}

static void ask(struct visits *visits, struct visit *visit, unsigned long sequence)
{
    struct request *request = request_new(&visit->settings, &visits->owner, visit->target, sequence);

    if (!request) {
        warnx("out of memory");
        visits->broken = true;
        return;
    }
    request->visit = visit;
    TAILQ_INSERT_TAIL(&visits->open, request, siblings);
    visits->outstanding++;
    statistics_add_sent(&visit->statistics);
    if (visit->addresses.count > 0) {
        request_race(request, &visit->addresses);
        look_up_again(visit);
    } else {
        wait_for_addresses(visit, request);
    }
}

static int64_t timeout_of(const struct cmdline *cmdline)
{
    bool is_cut =
        !cmdline->counting && cmdline->deadline_ns > 0 && cmdline->deadline_ns < cmdline->timeout_ns;

    return is_cut ? cmdline->deadline_ns : cmdline->timeout_ns;
}

static struct request_settings settings_of(struct visits *visits)
{
    const struct cmdline *cmdline = visits->cmdline;

    return (struct request_settings){.loop = visits->loop,
                                     .scratch = visits->scratch,
                                     .source = &cmdline->source,
                                     .timeout_ns = timeout_of(cmdline),
                                     .pad = cmdline->ask.pad,
                                     .connect_only = cmdline->ask.connect_only,
                                     .whole = cmdline->ask.whole,
                                     .first_only = cmdline->watch,
                                     .http = cmdline->ask.http_path != NULL,
                                     .proxy = cmdline->ask.proxy,
                                     .message = cmdline->ask.message,
                                     .message_length = cmdline->ask.message_length};
}

static bool open_visit(struct visits *visits, struct visit *visit, const struct target *target)
{
    visit->visits = visits;
    TAILQ_INIT(&visit->held);
    visit->target = target;
    visit->next = 1;
    visit->settings = settings_of(visits);
    addresses_open(&visit->addresses, visits->loop, &target->endpoint, visits->cmdline->family,
                   addresses_found, visit);
    visit->is_name = addresses_is_name(&visit->addresses);
    if (!visit->settings.http)
        return true;
    visit->http_request = http_answer_request(&target->endpoint, visits->cmdline->ask.http_path);
    visit->settings.message = visit->http_request;
    visit->settings.message_length = visit->http_request ? strlen(visit->http_request) : 0;
    return visit->http_request;
}

int visits_open(struct visits *visits, const struct target_list *targets)
{
    const struct ask_options *ask_options = &visits->cmdline->ask;

    TAILQ_INIT(&visits->open);
    visits->owner = (struct request_owner){.step = report_step, .ended = request_ended, .context = visits};
    visits->judging =
        (struct result_settings){.expect = ask_options->has_expect ? &ask_options->expect : NULL,
                                 .who = ask_options->has_who ? &ask_options->who : NULL,
                                 .http = ask_options->http_path != NULL};
    visits->scratch = malloc(REQUEST_SETTINGS_SCRATCH);
    visits->list = calloc(targets->count, sizeof(struct visit));
    if (!visits->scratch || !visits->list)
        return -ENOMEM;
    visits->count = targets->count;
    for (size_t i = 0; i < targets->count; i++)
        if (!open_visit(visits, &visits->list[i], &targets->targets[i]))
            return -ENOMEM;
    return 0;
}

void visits_ask(struct visits *visits, unsigned long sequence)
{
    visits->outstanding++; /* the round itself, so that it does not end with requests that end at once */
    for (size_t i = 0; i < visits->count && !visits->broken; i++)
        ask(visits, &visits->list[i], sequence);
    note_end(visits);
}

void visits_report_outstanding(const struct visits *visits, unsigned long sequence)
{
    const struct request *request;

    if (!ops(visits)->outstanding)
        return;
    TAILQ_FOREACH (request, &visits->open, siblings)
        if (request->sequence == sequence)
            ops(visits)->outstanding(report(visits), request);
}

void visits_report_held(struct visits *visits)
{
    for (size_t i = 0; i < visits->count; i++) {
        struct visit *visit = &visits->list[i];

        while (!TAILQ_EMPTY(&visit->held)) {
            visit->next = TAILQ_FIRST(&visit->held)->sequence;
            report_held(visit);
        }
    }
}

static void free_requests(struct request_list *requests)
{
    struct request *request;

    while ((request = TAILQ_FIRST(requests))) {
        TAILQ_REMOVE(requests, request, siblings);
        request_free(request);
    }
}

static void close_visit(struct visit *visit)
{
    free_requests(&visit->held);
    addresses_close(&visit->addresses);
    result_memory_free(&visit->memory);
    answerers_free(&visit->answerers);
    outages_free(&visit->outages);
    free(visit->http_request);
}

void visits_close(struct visits *visits)
{
    free_requests(&visits->open);
    for (size_t i = 0; i < visits->count && visits->list[i].visits; i++)
        close_visit(&visits->list[i]);
    free(visits->list);
    free(visits->scratch);
}
