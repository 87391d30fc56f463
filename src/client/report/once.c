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

static void report_step(void *report, const struct request *request, const struct attempt *attempt,
                        enum request_step step)
{
    const struct once *once = report;

    if (once->verbose)
        steps_step(request, attempt, step);
}

/* A line about the failure of a target, or of one of the addresses of its name. */
static void print_failure(const struct request *request, const struct attempt *attempt, const char *word,
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
            print_failure(request, attempt, outcome_word(attempt->outcome), attempt->text);
    }
}

static void print_loss(const struct once *once, const struct request *request, const struct result *result)
{
    if (request->decisive && request->outcome == result->outcome)
        print_failures(once, request);
    else
        print_failure(request, request->decisive, outcome_word(result->outcome), result->text);
}

static void print_preferred(const struct request *request)
{
    const struct attempt *preferred = phrases_preferred(request);
    char place[PHRASES_PLACE_MAX];

    if (!preferred)
        return;
    phrases_place(place, request->target, request->decisive);
    fprintf(stderr, "%s: %s: answered ", program_invocation_short_name, place);
    phrases_instead(stderr, preferred);
    fputc('\n', stderr);
}

/* Only the greetings are written to a file or a pipe. */
static void print_greeting(const struct once *once, const struct request *request,
                           const struct result *result)
{
    FILE *out = once->streams->output.stream;
    char place[PHRASES_PLACE_MAX];

    phrases_place(place, request->target, request->decisive);
    if (once->terminal.is_terminal && once->many_targets)
        fprintf(out, "==> %s <==\n", place);
    if (once->terminal.is_terminal)
        safe_text_print(out, result->answer, result->answer_length);
    else
        fwrite(result->answer, 1, result->answer_length, out);
}

static void print_answer(const struct once *once, const struct request *request, const struct result *result)
{
    const struct attempt *attempt = request->decisive;
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

const struct report_ops once_ops = {.looked_up = looked_up, .step = report_step, .ended = ended};
