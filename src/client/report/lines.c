/* SPDX-License-Identifier: MIT */
#include "client/report/lines.h"

#include "client/report/phrases.h"
#include "client/report/stamp.h"
#include "client/report/steps.h"
#include "client/report/summary.h"
#include "client/safe_text.h"

#include <err.h>
#include <string.h>

#define GREETING_MAX   4096 /* bytes of a greeting in a line */
#define GREETING_LEAST 20   /* columns for it at least */
#define SHOWN_MAX      4    /* addresses of a name in the first line */
#define TIME_MAX       48   /* bytes of a time with its name */

static FILE *out_of(const struct lines *lines)
{
    return lines->streams->output.stream;
}

static void begin_line(const struct lines *lines)
{
    char stamp[STAMP_MAX];

    if (lines->stamps)
        fprintf(out_of(lines), "[%s] ", stamp_now(stamp));
}

static const char *red(const struct lines *lines)
{
    return terminal_colour(&lines->terminal, TERMINAL_RED);
}

static const char *yellow(const struct lines *lines)
{
    return terminal_colour(&lines->terminal, TERMINAL_YELLOW);
}

static const char *plain(const struct lines *lines)
{
    return terminal_colour(&lines->terminal, TERMINAL_PLAIN);
}

static void print_addresses(FILE *out, const struct addresses *addresses)
{
    char host[ADDRESS_TEXT_MAX];

    for (size_t i = 0; i < addresses->count && i < SHOWN_MAX; i++) {
        address_host(&addresses->list[i], host, sizeof(host));
        fprintf(out, "%s%s", i ? ", " : "", host);
    }
    if (addresses->count > SHOWN_MAX)
        fprintf(out, ", and %zu more", addresses->count - SHOWN_MAX);
}

/* "GREET web.example:12345 tcp (192.0.2.7)" at the beginning, and when the addresses of the name change. */
static void looked_up(void *report, const struct visit *visit)
{
    const struct lines *lines = report;
    const struct addresses *addresses = &visit->addresses;
    FILE *out = out_of(lines);
    char place[PHRASES_PLACE_MAX];

    if (lines->verbose)
        steps_looked_up(visit);
    if (lines->quiet || (addresses->count > 0 && !addresses->changed && visit->looked_up > 1) ||
        (addresses->code && visit->looked_up > 1))
        return;
    phrases_place(place, visit->target, NULL);
    begin_line(lines);
    fprintf(out, "GREET %s", place);
    if (visit->is_name && addresses->count > 0) {
        fputs(visit->looked_up > 1 ? " (now " : " (", out);
        print_addresses(out, addresses);
        fputc(')', out);
    }
    fputc('\n', out);
}

static void report_step(void *report, const struct request *request, const struct attempt *attempt,
                        enum request_step step)
{
    const struct lines *lines = report;

    if (lines->verbose)
        steps_step(request, attempt, step);
}

static void print_greeting(const struct lines *lines, const struct request *request,
                           const struct result *result)
{
    static const char head[] = "greeting: ";
    char place[PHRASES_PLACE_MAX] = "";
    char line[GREETING_MAX];
    size_t columns = lines->terminal.width - (sizeof(head) - 1);

    if (lines->many_targets) {
        phrases_place(place, request->target, NULL);
        strcat(place, " ");
        columns = columns > strlen(place) + GREETING_LEAST ? columns - strlen(place) : GREETING_LEAST;
    }
    safe_text_line(line, sizeof(line), columns, result->greeting, result->length);
    begin_line(lines);
    fprintf(out_of(lines), "%s%s%s\n", place, head, line);
}

/* " connect=0.06 first=0.09"; on a terminal, without those that do not fit next to the other columns. */
static void print_phases(const struct lines *lines, const struct request *request, size_t others)
{
    const struct attempt *attempt = request->decisive;
    char first[TIME_MAX] = "", connect[TIME_MAX];
    size_t columns = lines->terminal.is_terminal ? lines->terminal.width : SIZE_MAX;

    if (!transport_is_stream(attempt->transport))
        return;
    snprintf(connect, sizeof(connect), " connect=%.2f",
             phrases_ms(attempt->connected_ns - attempt->started_ns));
    if (attempt->first_ns)
        snprintf(first, sizeof(first), " first=%.2f", phrases_ms(request_first_byte(request)));
    if (others + strlen(connect) > columns)
        return;
    fputs(connect, out_of(lines));
    if (others + strlen(connect) + strlen(first) <= columns)
        fputs(first, out_of(lines));
}

static void print_times(const struct lines *lines, const struct request *request, size_t others)
{
    char time[TIME_MAX];

    snprintf(time, sizeof(time), " time=%.2f ms", phrases_ms(request_time(request)));
    print_phases(lines, request, others + strlen(time));
    fputs(time, out_of(lines));
}

static void print_answer(const struct lines *lines, size_t used, const struct request *request,
                         const struct result *result)
{
    FILE *out = out_of(lines);
    const struct attempt *preferred = phrases_preferred(request);

    print_times(lines, request, used + (result->who[0] ? 1 + strlen(result->who) : 0));
    if (result->who[0])
        fprintf(out, " %s%s%s", result->who_changed ? yellow(lines) : "", result->who,
                result->who_changed ? plain(lines) : "");
    if (result->address_changed)
        fprintf(out, " %snew address%s", yellow(lines), plain(lines));
    if (preferred) {
        fprintf(out, " %s", yellow(lines));
        phrases_instead(out, preferred);
        fputs(plain(lines), out);
    }
}

static void print_loss(const struct lines *lines, size_t used, const struct result *result)
{
    const char *word = outcome_word(result->outcome);

    used += strlen(word) + strlen(" : ");
    fprintf(out_of(lines), " %s%s%s: %.*s", red(lines), word, plain(lines),
            phrases_fit(&lines->terminal, used, result->text), result->text);
}

/* A local error ends the run: it goes to standard error, not among the lines. */
static void print_error(const struct request *request, const struct result *result)
{
    char place[PHRASES_PLACE_MAX];

    phrases_place(place, request->target, request->decisive);
    warnx("%s: %s: %s", place, outcome_word(result->outcome), result->text);
}

static void ended(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result)
{
    const struct lines *lines = report;
    FILE *out = out_of(lines);
    char place[PHRASES_PLACE_MAX];
    int used;

    (void)visit;
    if (result->outcome == OUTCOME_LOCAL) {
        print_error(request, result);
        return;
    }
    if (lines->verbose && result->outcome == OUTCOME_ANSWERED)
        steps_answered(request);
    if (lines->quiet)
        return;
    if (result->answer && result->greeting_changed)
        print_greeting(lines, request, result);
    phrases_place(place, request->target, request->decisive);
    begin_line(lines);
    used = fprintf(out, "seq=%lu %s", request->sequence, place);
    if (result->outcome == OUTCOME_ANSWERED)
        print_answer(lines, (size_t)used, request, result);
    else
        print_loss(lines, (size_t)used, result);
    fputc('\n', out);
}

static void outstanding(void *report, const struct request *request)
{
    const struct lines *lines = report;
    char place[PHRASES_PLACE_MAX];

    if (!lines->tell_outstanding || lines->quiet)
        return;
    phrases_place(place, request->target,
                  request->attempt_count ? &request->attempts[request->attempt_count - 1] : NULL);
    begin_line(lines);
    fprintf(out_of(lines), "seq=%lu %s no answer yet\n", request->sequence, place);
}

static void interim(void *report, const struct visit *visit, int64_t run_ns)
{
    (void)report;
    summary_print_interim(stderr, visit, run_ns);
}

static void sum_up(void *report, FILE *out, const struct visit *visit, int64_t run_ns)
{
    const struct lines *lines = report;

    if (!lines->quiet)
        fputc('\n', out);
    summary_print(out, visit, run_ns);
}

const struct report_ops lines_ops = {.looked_up = looked_up,
                                     .step = report_step,
                                     .outstanding = outstanding,
                                     .ended = ended,
                                     .interim = interim,
                                     .summary = sum_up};
