/* SPDX-License-Identifier: MIT */
#include "client/report/watch.h"

#include "base/util.h"
#include "client/outages.h"
#include "client/report/phrases.h"
#include "client/report/stamp.h"
#include "client/report/steps.h"
#include "client/report/summary.h"

#include <inttypes.h>
#include <string.h>

static FILE *out_of(const struct watch *watch)
{
    return watch->streams->output.stream;
}

/* Returns the number of columns printed. */
static size_t print_stamp(const struct watch *watch, FILE *out, int64_t monotonic)
{
    char stamp[STAMP_MAX];

    fputs(watch->stamps ? stamp_of(stamp, monotonic) : stamp_clock(stamp, monotonic), out);
    return strlen(stamp);
}

static void print_coloured(const struct watch *watch, enum terminal_colour colour, const char *text)
{
    fprintf(out_of(watch), "%s%s%s", terminal_colour(&watch->terminal, colour), text,
            terminal_colour(&watch->terminal, TERMINAL_PLAIN));
}

static void looked_up(void *report, const struct visit *visit)
{
    const struct watch *watch = report;
    char place[PHRASES_PLACE_MAX];

    if (watch->verbose)
        steps_looked_up(visit);
    if (watch->quiet || visit->looked_up > 1)
        return;
    phrases_place(place, visit->target, NULL);
    if (watch->interval_ns > 0)
        fprintf(out_of(watch), "WATCH %s, every %g ms\n", place, phrases_ms(watch->interval_ns));
    else
        fprintf(out_of(watch), "WATCH %s, one request after the other\n", place);
}

static void report_step(void *report, const struct request *request, const struct attempt *attempt,
                        enum request_step step)
{
    const struct watch *watch = report;

    if (watch->verbose)
        steps_step(request, attempt, step);
}

/* " instead of web-1", " instead of 192.0.2.1:12345", " instead of web-1 (192.0.2.1:12345)" */
static void print_instead(FILE *out, const struct outages_answerer *before, unsigned change)
{
    bool has_name = change & OUTAGES_WHO && before->who[0];
    char address[ADDRESS_TEXT_MAX];

    if (!has_name && !(change & OUTAGES_ADDRESS))
        return;
    address_text(&before->peer, address, sizeof(address));
    fprintf(out, " instead of %s", has_name ? before->who : address);
    if (has_name && change & OUTAGES_ADDRESS)
        fprintf(out, " (%s)", address);
}

static void print_up(const struct watch *watch, const struct outages *outages, unsigned change)
{
    FILE *out = out_of(watch);
    bool is_same = !(change & (OUTAGES_WHO | OUTAGES_ADDRESS)) && outages->before.peer.length > 0;

    if (outages->last.who[0])
        fprintf(out, " %s", outages->last.who);
    fputc(' ', out);
    print_coloured(watch, change & OUTAGES_FIRST ? TERMINAL_PLAIN : TERMINAL_YELLOW,
                   is_same ? "answers again" : "answers");
    print_instead(out, &outages->before, change);
    if (change & OUTAGES_UP)
        fprintf(out, ", after %.0f ms", phrases_ms(outage_length(&outages->current, 0)));
}

static void print_down(const struct watch *watch, size_t used, const struct result *result)
{
    const char *word = outcome_word(result->outcome);

    used += strlen(word) + strlen(" : ");
    fputc(' ', out_of(watch));
    print_coloured(watch, TERMINAL_RED, word);
    fprintf(out_of(watch), ": %.*s", phrases_fit(&watch->terminal, used, result->text), result->text);
}

static void ended(void *report, const struct visit *visit, const struct request *request,
                  const struct result *result)
{
    const struct watch *watch = report;
    char place[PHRASES_PLACE_MAX];
    size_t used;

    if (watch->quiet || result->change == 0)
        return;
    phrases_place(place, request->target, request->decisive);
    used = print_stamp(watch, out_of(watch), request->started_ns);
    used += (size_t)fprintf(out_of(watch), " %s", place);
    if (result->outcome == OUTCOME_ANSWERED)
        print_up(watch, &visit->outages, result->change);
    else
        print_down(watch, used, result);
    fputc('\n', out_of(watch));
}

/* As a share of the time since the first request, so that a target that never answered has 100 %. */
static void print_total(FILE *out, const struct outages *outages, int64_t now_ns)
{
    uint64_t number = outages_number(outages);
    int64_t total_ns = outages_total(outages, now_ns), all_ns = now_ns - outages->first_ns;
    char percent[STATISTICS_PERCENT_MAX];

    if (outages->first_ns == 0)
        fputs("no request has ended yet\n", out);
    else if (number == 0)
        fputs("no outage\n", out);
    else
        fprintf(out, "%" PRIu64 " outage%s%s, %.0f ms in all, %s of %.1f s\n", number, plural(number),
                outages->is_down ? " (ongoing)" : "", phrases_ms(total_ns),
                statistics_percent(percent, (uint64_t)total_ns, (uint64_t)all_ns), phrases_ms(all_ns) / 1000);
}

static void interim(void *report, const struct visit *visit, int64_t run_ns)
{
    (void)report;
    summary_print_interim(stderr, visit, run_ns);
    print_total(stderr, &visit->outages, monotonic_ns());
}

static void print_classes(FILE *out, const uint64_t losses[OUTCOME_COUNT])
{
    const char *separator = "";

    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        if (losses[outcome] > 0) {
            fprintf(out, "%s%s", separator, outcome_word((enum outcome)outcome));
            separator = ", ";
        }
}

static void print_answerer(FILE *out, const char *head, const struct outages_answerer *answerer)
{
    char address[ADDRESS_TEXT_MAX];

    address_text(&answerer->peer, address, sizeof(address));
    fprintf(out, "  %s: %s", head,
            answerer->peer.length == 0 ? "none"
            : answerer->who[0]         ? answerer->who
                                       : address);
}

static void print_outage(const struct watch *watch, FILE *out, const struct outage *outage, int64_t now_ns)
{
    print_stamp(watch, out, outage->from_ns);
    fprintf(out, " %8.0f ms  %" PRIu64 " lost: ", phrases_ms(outage_length(outage, now_ns)), outage->lost);
    print_classes(out, outage->losses);
    print_answerer(out, "before", &outage->before);
    if (outage->to_ns)
        print_answerer(out, "after", &outage->after);
    else
        fputs("  ongoing", out);
    fputc('\n', out);
}

static void sum_up(void *report, FILE *out, const struct visit *visit, int64_t run_ns)
{
    const struct watch *watch = report;
    const struct outages *outages = &visit->outages;
    int64_t now_ns = monotonic_ns();

    if (!watch->quiet)
        fputc('\n', out);
    summary_print(out, visit, run_ns);
    for (size_t i = 0; i < outages->count; i++)
        print_outage(watch, out, &outages->list[i], now_ns);
    if (outages->not_kept)
        fprintf(out, "%" PRIu64 " more outage%s not listed\n", outages->not_kept, plural(outages->not_kept));
    if (outages->is_down)
        print_outage(watch, out, &outages->current, now_ns);
    print_total(out, outages, now_ns);
}

const struct report_ops watch_ops = {
    .looked_up = looked_up, .step = report_step, .ended = ended, .interim = interim, .summary = sum_up};
