/* SPDX-License-Identifier: MIT */
#include "client/report/load_text.h"

#include "base/bar.h"
#include "base/util.h"
#include "client/errors.h"
#include "client/report/load_rows.h"
#include "client/report/phrases.h"
#include "client/statistics.h"

#include <err.h>
#include <inttypes.h>
#include <string.h>

#define ROW_COLUMNS 44 /* of a row of the histogram, before its bar */
#define BAR_LEAST   8

static void print_targets(FILE *out, const struct load_report *report)
{
    char text[TARGET_LABEL_MAX + 32], address[ADDRESS_TEXT_MAX];

    target_text(&report->targets->targets[0], text, sizeof(text));
    fprintf(out, "%s", text);
    address_text(&report->plan->targets[0].address, address, sizeof(address));
    if (!transport_is_unix(report->plan->targets[0].transport) && !strstr(text, address))
        fprintf(out, " (%s)", address);
    if (report->targets->count > 1)
        fprintf(out, " and %zu more", report->targets->count - 1);
}

void load_text_begin(FILE *out, const struct load_report *report)
{
    const struct load_plan *plan = report->plan;

    fprintf(out, "LOAD ");
    print_targets(out, report);
    if (plan->rate > 0)
        fprintf(out, "\nopen loop: %g requests a second, at most %u at once", plan->rate, plan->connections);
    else
        fprintf(out, "\nclosed loop: %u connection%s", plan->connections, plural(plan->connections));
    fprintf(out, ", %u thread%s", plan->threads, plural(plan->threads));
    if (plan->duration_ns != INT64_MAX)
        fprintf(out, ", %g s", (double)plan->duration_ns / (double)NS_PER_S);
    if (plan->requests)
        fprintf(out, ", %" PRIu64 " request%s", plan->requests, plural(plan->requests));
    fprintf(out, "\n");
}

void load_text_progress(char text[LOAD_TEXT_MAX], double seconds, double rate,
                        const struct engine_progress *counts)
{
    uint64_t ended = counts->answered + counts->errors;

    /* The three counters are not read at the same moment. */
    snprintf(text, LOAD_TEXT_MAX,
             "%.0f s: %.0f answers/s, %" PRIu64 " answered, %" PRIu64 " errors, %" PRIu64 " outstanding",
             seconds, rate, counts->answered, counts->errors,
             counts->started > ended ? counts->started - ended : 0);
}

static void print_requests(FILE *out, const struct load_report *report)
{
    const struct engine_result *result = report->result;
    uint64_t answered = result->tally.ended[OUTCOME_ANSWERED];
    char share[STATISTICS_PERCENT_MAX];

    statistics_percent(share, answered, result->started);
    fprintf(out, "%" PRIu64 " request%s in %.2f s%s, %" PRIu64 " answered (%s), %.1f a second\n",
            result->started, plural(result->started), result->seconds,
            result->interrupted ? " (interrupted)" : "", answered, share, load_report_rate(report));
}

static void print_errors(FILE *out, const struct engine_result *result)
{
    const struct tally *tally = &result->tally;
    uint64_t errors = tally_errors(tally);
    const char *separator = ":";
    char share[STATISTICS_PERCENT_MAX], words[ERRORS_MAX];

    statistics_percent(share, errors, result->started);
    fprintf(out, "%" PRIu64 " error%s (%s)", errors, plural(errors), share);
    for (unsigned class = 0; class < TALLY_CLASSES; class ++)
        if (class != OUTCOME_ANSWERED && tally->ended[class]) {
            fprintf(out, "%s %" PRIu64 " %s", separator, tally->ended[class], tally_word(class));
            separator = ",";
        }
    fprintf(out, "\n");
    if (tally->local_error) {
        errors_errno(words, sizeof(words), tally->local_error);
        fprintf(out, "LOCAL: %s\n", words);
    }
}

/* Events that are neither an answer nor an error. */
static void print_remarks(FILE *out, const struct load_report *report)
{
    const struct engine_result *result = report->result;

    if (result->tally.unfinished)
        fprintf(out, "%" PRIu64 " outstanding when interrupted\n", result->tally.unfinished);
    if (result->tally.unexpected)
        fprintf(out, "%" PRIu64 " answer%s late or duplicate\n", result->tally.unexpected,
                plural(result->tally.unexpected));
    if (report->plan->rate > 0 && (result->late || result->missed))
        fprintf(out, "%" PRIu64 " started more than 1 ms late, %" PRIu64 " due but never started\n",
                result->late, result->missed);
    if (result->busiest > LOAD_REPORT_BUSY * result->seconds)
        fprintf(out, "note: the client may be the bottleneck: a thread used %.0f %% of a processor\n",
                100 * result->busiest / result->seconds);
    else if (load_report_is_limit(report))
        fprintf(out, "note: the client may be the bottleneck: it started many requests late\n");
}

static void print_latency(FILE *out, const struct load_report *report)
{
    const struct histogram *latency = &report->result->tally.latency;

    fprintf(out, "latency min/avg/max = %.3f/%.3f/%.3f ms\n", (double)latency->min_ns / 1e6,
            histogram_mean_ns(latency) / 1e6, (double)latency->max_ns / 1e6);
    fprintf(out, "p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  p99.99 %.3f ms\n",
            load_report_quantile_ms(report, 0.5), load_report_quantile_ms(report, 0.9),
            load_report_quantile_ms(report, 0.99), load_report_quantile_ms(report, 0.999),
            load_report_quantile_ms(report, 0.9999));
}

static void print_histogram(FILE *out, const struct histogram *latency, size_t columns, bool blocks)
{
    struct load_row rows[LOAD_ROWS_MAX];
    size_t count = load_rows_of(rows, latency);
    size_t width = columns > ROW_COLUMNS + BAR_LEAST ? columns - ROW_COLUMNS : 0;
    uint64_t most = 1;

    for (size_t i = 0; i < count; i++)
        most = rows[i].count > most ? rows[i].count : most;
    fprintf(out, "\n%18s %10s\n", "latency (ms)", "answers");
    for (size_t i = 0; i < count; i++) {
        char share[STATISTICS_PERCENT_MAX], bar[BAR_MAX];

        statistics_percent(share, rows[i].count, latency->count);
        bar_draw(bar, (double)rows[i].count / (double)most, width, blocks);
        fprintf(out, "%8g - %7g %10" PRIu64 " %9s%s%s\n", rows[i].from_ms, rows[i].to_ms, rows[i].count,
                share, *bar ? "  " : "", bar);
    }
}

void load_text_result(FILE *out, const struct load_report *report, bool with_histogram, size_t columns,
                      bool blocks)
{
    fprintf(out, "\n--- ");
    print_targets(out, report);
    fprintf(out, " load statistics ---\n");
    print_requests(out, report);
    print_errors(out, report->result);
    print_remarks(out, report);
    if (report->result->tally.latency.count == 0)
        return;
    print_latency(out, report);
    if (with_histogram)
        print_histogram(out, &report->result->tally.latency, columns, blocks);
}

void load_text_failure(const struct target *target, unsigned class, const char *words)
{
    char place[PHRASES_PLACE_MAX];

    phrases_place(place, target, NULL);
    warnx("%s: %s: %s", place, tally_word(class), words);
}

bool load_text_limits(FILE *out, const struct load_report *report)
{
    bool kept = true;

    for (size_t i = 0; i < report->limit_count; i++) {
        const struct limit *limit = &report->limits[i];
        struct message text;

        if (limit_is_kept(limit, report->result))
            continue;
        limit_describe(limit, report->result, &text);
        fprintf(out, "limit not met: %s: %s\n", limit->text, text.text);
        kept = false;
    }
    return kept;
}
