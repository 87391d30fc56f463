/* SPDX-License-Identifier: MIT */
#include "client/report/table.h"

#include "client/report/phrases.h"
#include "client/report/steps.h"
#include "client/safe_text.h"

#include <string.h>

#define ANSWER_MAX 512 /* bytes of a greeting in a row */
#define ANSWER_MIN 20  /* columns */

/* Columns before the answer, without the address. */
#define OTHER_COLUMNS 33

int table_width(const struct target_list *targets)
{
    size_t width = strlen("ADDRESS");
    char place[PHRASES_PLACE_MAX];

    for (size_t i = 0; i < targets->count; i++) {
        phrases_target(place, &targets->targets[i]);
        if (strlen(place) > width)
            width = strlen(place);
    }
    return (int)width;
}

static void report_step(void *report, const struct request *request, const struct attempt *attempt,
                        enum request_step step)
{
    const struct table *table = report;

    if (table->verbose)
        steps_step(request, attempt, step);
}

static void print_ms(FILE *out, bool known, int64_t ns)
{
    if (known)
        fprintf(out, " %8.2f", phrases_ms(ns));
    else
        fprintf(out, " %8s", "-");
}

static void print_answer(const struct table *table, const struct result *result)
{
    FILE *out = table->streams->output.stream;
    unsigned used = (unsigned)table->width + OTHER_COLUMNS;
    unsigned columns = table->terminal.width > used + ANSWER_MIN ? table->terminal.width - used : ANSWER_MIN;
    char line[ANSWER_MAX];

    if (result->who[0]) {
        fprintf(out, " %s", result->who);
    } else if (result->greeting) {
        safe_text_line(line, sizeof(line), columns, result->greeting, result->length);
        fprintf(out, " %s", line);
    } else {
        fputs(" connected", out);
    }
}

static void ended(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result)
{
    struct table *table = report;
    const struct attempt *attempt = request->decisive;
    FILE *out = table->streams->output.stream;
    bool answered = result->outcome == OUTCOME_ANSWERED;
    char place[PHRASES_PLACE_MAX];

    (void)visit;
    if (table->quiet)
        return;
    if (!table->has_head)
        fprintf(out, "%-*s %-10s %8s %8s %s\n", table->width, "ADDRESS", "TRANSPORT", "CONNECT", "TIME ms",
                "ANSWER");
    table->has_head = true;
    phrases_target(place, request->target);
    fprintf(out, "%-*s %-10s", table->width, place, transport_name(request->target->endpoint.transport));
    print_ms(out, attempt && attempt->connected_ns && transport_is_stream(attempt->transport),
             attempt ? attempt->connected_ns - attempt->started_ns : 0);
    print_ms(out, answered, request_time(request));
    if (answered)
        print_answer(table, result);
    else
        fprintf(out, " %s%s%s: %s", terminal_colour(&table->terminal, TERMINAL_RED),
                outcome_word(result->outcome), terminal_colour(&table->terminal, TERMINAL_PLAIN),
                result->text);
    fputc('\n', out);
}

const struct report_ops table_ops = {.step = report_step, .ended = ended};
