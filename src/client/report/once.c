/* SPDX-License-Identifier: MIT */
#include "client/report/once.h"

#include "client/report/phrases.h"
#include "client/report/steps.h"
#include "client/safe_text.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>

static void looked_up(void *report, const struct visit *visit)
{
    const struct once *once = report;

    if (once->verbose)
        steps_looked_up(visit);
}

static void take_step(void *report, const struct request *request, const struct attempt *attempt,
                      enum request_step step)
{
    const struct once *once = report;

    if (once->verbose)
        steps_step(request, attempt, step);
}

/* A line of what is wrong with a target, or with one of the addresses of its name. */
static void complain(const struct request *request, const struct attempt *attempt, const char *word,
                     const char *text)
{
    char place[PHRASES_PLACE_MAX];
    char name[PHRASES_PLACE_MAX];

    phrases_place(place, request->target, attempt);
    phrases_target(name, request->target);
    if (attempt && request->address_count > 1)
        warnx("%s: %s: %s: %s", name, place, word, text);
    else
        warnx("%s: %s: %s", place, word, text);
}

static void print_failures(const struct once *once, const struct request *request)
{
    for (size_t i = 0; i < request->attempt_count; i++) {
        const struct attempt *attempt = &request->attempts[i];

        if (!attempt->cancelled && !once->verbose)
            complain(request, attempt, outcome_word(attempt->outcome), attempt->text);
    }
}

static void print_loss(const struct once *once, const struct request *request, const struct result *result)
{
    if (request->telling && request->outcome == result->outcome)
        print_failures(once, request);
    else
        complain(request, request->telling, outcome_word(result->outcome), result->text);
}

static void print_preferred(const struct request *request)
{
    const struct attempt *preferred = phrases_preferred(request);
    char place[PHRASES_PLACE_MAX];

    if (!preferred)
        return;
    phrases_place(place, request->target, request->telling);
    fprintf(stderr, "%s: %s: answered ", program_invocation_short_name, place);
    phrases_instead(stderr, preferred);
    fputc('\n', stderr);
}

/* Into a file or a pipe goes nothing but the greetings. */
static void print_greeting(const struct once *once, const struct request *request,
                           const struct result *result)
{
    FILE *out = once->streams->output.stream;
    char place[PHRASES_PLACE_MAX];

    phrases_place(place, request->target, request->telling);
    if (once->terminal.is_terminal && once->many_targets)
        fprintf(out, "==> %s <==\n", place);
    if (once->terminal.is_terminal)
        safe_text_print(out, result->answer, result->answer_length);
    else
        fwrite(result->answer, 1, result->answer_length, out);
}

static void print_answer(const struct once *once, const struct request *request, const struct result *result)
{
    const struct attempt *attempt = request->telling;
    char place[PHRASES_PLACE_MAX];

    print_preferred(request);
    if (once->verbose)
        steps_answered(request);
    if (attempt->unended && once->whole) {
        phrases_place(place, request->target, attempt);
        warnx("%s: %zu bytes, but no end of file in time", place, attempt->length);
    }
    if (result->answer && !once->quiet)
        print_greeting(once, request, result);
}

static void ended(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result)
{
    const struct once *once = report;

    (void)visit;
    if (result->outcome == OUTCOME_ANSWERED)
        print_answer(once, request, result);
    else
        print_loss(once, request, result);
}

const struct report_ops once_ops = {.looked_up = looked_up, .step = take_step, .ended = ended};
