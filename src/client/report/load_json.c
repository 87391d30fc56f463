/* SPDX-License-Identifier: MIT */
#include "client/report/load_json.h"

#include "base/util.h"
#include "client/report/json.h"
#include "client/report/json_value.h"
#include "client/report/load_rows.h"

#define CURVE_SIZE 33                   /* quantiles: eight for each nine, up to 99.99 % */
#define CURVE_STEP 0.749894209332455827 /* 10^(-1/8) */

static double ms(double ns)
{
    return ns / 1e6;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* The latency at 1 - 10^(-i/8): finer towards the end, where it matters. */
static json_t *curve_of(const struct load_report *report)
{
    json_t *curve = json_array();
    double beyond = 1;

    for (int i = 0; i < CURVE_SIZE; i++, beyond *= CURVE_STEP)
        json_array_append_new(curve, json_real(load_report_quantile_ms(report, 1 - beyond)));
    return curve;
}

static json_t *latency_of(const struct load_report *report)
{
    const struct histogram *latency = &report->result->tally.latency;

    if (latency->count == 0)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "min", ms((double)latency->min_ns),
                     "avg", ms(histogram_mean_ns(latency)), "max", ms((double)latency->max_ns), "p50",
                     load_report_quantile_ms(report, 0.5), "p90", load_report_quantile_ms(report, 0.9), "p99",
                     load_report_quantile_ms(report, 0.99), "p99.9", load_report_quantile_ms(report, 0.999),
                     "p99.99", load_report_quantile_ms(report, 0.9999), "curve", curve_of(report));
}

static json_t *histogram_of(const struct load_report *report)
{
    struct load_row rows[LOAD_ROWS_MAX];
    size_t count = load_rows_of(rows, &report->result->tally.latency);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:f, s:f, s:o}", "from_ms", rows[i].from_ms, "to_ms",
                                              rows[i].to_ms, "answers", number(rows[i].count)));
    return list;
}

static json_t *targets_of(const struct load_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->targets->count; i++) {
        char text[TARGET_LABEL_MAX + 32];

        target_text(&report->targets->targets[i], text, sizeof(text));
        json_array_append_new(list, json_pack("{s:o, s:o}", "target", json_value_text(text), "address",
                                              json_value_endpoint(&report->plan->targets[i].address)));
    }
    return list;
}

static json_t *errors_of(const struct tally *tally)
{
    json_t *errors = json_object();

    for (unsigned class = 0; class < TALLY_CLASSES; class ++)
        if (class != OUTCOME_ANSWERED && tally->ended[class])
            json_object_set_new(errors, tally_word(class), number(tally->ended[class]));
    return errors;
}

static json_t *limits_of(const struct load_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->limit_count; i++) {
        const struct limit *limit = &report->limits[i];
        double value;
        bool measured = limit_measure(limit, report->result, &value);

        if (measured && limit->metric <= LIMIT_QUANTILE)
            value = ms(value);
        json_array_append_new(list, json_pack("{s:s, s:o, s:b}", "limit", limit->text, "value",
                                              measured ? json_real(value) : json_null(), "kept",
                                              (int)limit_is_kept(limit, report->result)));
    }
    return list;
}

/* Resources that the client used, as shares of a processor. */
static json_t *client_of(const struct load_report *report)
{
    const struct engine_result *result = report->result;
    double seconds = result->seconds > 0 ? result->seconds : 1, threads = report->plan->threads;

    return json_pack("{s:i, s:f, s:f, s:f, s:f, s:b}", "threads", (int)report->plan->threads, "cpu_seconds",
                     result->cpu_seconds, "cpu_share", result->cpu_seconds / seconds / threads,
                     "busiest_share", result->busiest / seconds, "queued_share",
                     result->queued / seconds / threads, "is_limit", (int)load_report_is_limit(report));
}

static json_t *document_of(const struct load_report *report)
{
    const struct load_plan *plan = report->plan;
    const struct engine_result *result = report->result;
    const struct tally *tally = &result->tally;

    return json_pack("{s:i, s:s, s:o, s:s, s:i, s:o, s:f, s:b, s:o, s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o, s:o}",
                     "schema", REPORT_JSON_SCHEMA, "event", "load", "targets", targets_of(report), "loop",
                     plan->rate > 0 ? "open" : "closed", "connections", (int)plan->connections, "rate_wanted",
                     plan->rate > 0 ? json_real(plan->rate) : json_null(), "seconds", result->seconds,
                     "interrupted", (int)result->interrupted, "requests", number(result->started), "answered",
                     number(tally->ended[OUTCOME_ANSWERED]), "rate", load_report_rate(report), "errors",
                     number(tally_errors(tally)), "errors_by_class", errors_of(tally), "outstanding",
                     number(tally->unfinished), "unexpected", number(tally->unexpected), "late",
                     number(result->late), "missed", number(result->missed), "latency_ms", latency_of(report),
                     "histogram", histogram_of(report), "limits", limits_of(report), "client",
                     client_of(report));
}

json_t *load_json_event(const struct load_report *report, int64_t now_ns)
{
    json_t *event = document_of(report);

    if (event && json_object_set_new(event, "timestamp", json_value_timestamp(now_ns)) == 0)
        return event;
    json_decref(event);
    return NULL;
}
