/* SPDX-License-Identifier: MIT */
#include "service/metrics.h"

#include "../../metrics/sample.h"

#include <criterion/criterion.h>
#include <stdio.h>

static char *text_of(const struct metrics *metrics, enum metrics_format format)
{
    size_t length;
    char *text = metrics_text(metrics, format, &length);

    cr_assert_not_null(text);
    cr_assert_eq(strlen(text), length);
    return text;
}

/* Whether a line of the text is this. */
static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);

    for (const char *at = text; (at = strstr(at, line)); at += length)
        if ((at == text || at[-1] == '\n') && at[length] == '\n')
            return true;
    return false;
}

static void expect_lines(enum metrics_format format, const char *const *lines)
{
    struct metrics *metrics = sample_new();
    char *text = text_of(metrics, format);

    for (; *lines; lines++)
        cr_expect(has_line(text, *lines), "there is no line %s", *lines);
    free(text);
    free(metrics);
}

Test(metrics, openmetrics)
{
    expect_lines(
        METRICS_OPEN,
        (const char *const[]){
            "# TYPE sockgreet_build info",
            "sockgreet_build_info{version=\"" PACKAGE_VERSION "\"} 1",
            "# UNIT sockgreet_start_time_seconds seconds",
            "sockgreet_start_time_seconds 1700000000.123",
            "sockgreet_sum_time_seconds 1700000100.007",
            "sockgreet_workers 1",
            "sockgreet_workers_wanted 2",
            "# TYPE sockgreet_state stateset",
            "sockgreet_state{sockgreet_state=\"ready\"} 0",
            "sockgreet_state{sockgreet_state=\"drain\"} 1",
            "sockgreet_weight_ratio 1.05",
            "# TYPE sockgreet_worker_restarts counter",
            "sockgreet_worker_restarts_total 6",
            "sockgreet_reloads_total{outcome=\"applied\"} 3",
            "sockgreet_reloads_total{outcome=\"refused\"} 7",
            "sockgreet_greetings_total{listener=\"tcp\",transport=\"tcp\",result=\"sent\"} 2000",
            "sockgreet_greetings_total{listener=\"(gone)\",result=\"sent\"} 1000",
            "sockgreet_refusals_total{listener=\"local-2\",transport=\"unix-dgram\",reason=\"denied\"} 3009",
            "sockgreet_greeting_bytes_total{listener=\"tcp\",transport=\"tcp\"} 52000",
            "sockgreet_abandoned_clients_total{listener=\"tcp\",transport=\"tcp\"} 2",
            "sockgreet_connections{listener=\"tcp\",transport=\"tcp\"} 5",
            "sockgreet_log_entries_total{outcome=\"dropped\"} 10",
            "sockgreet_greeting_duration_seconds_bucket{le=\"1e-05\"} 100",
            "sockgreet_greeting_duration_seconds_bucket{le=\"0.00016\"} 297",
            "sockgreet_greeting_duration_seconds_bucket{le=\"+Inf\"} 1134",
            NULL});
}

Test(metrics, classic)
{
    struct metrics *metrics = sample_new();
    char *text = text_of(metrics, METRICS_CLASSIC);

    expect_lines(METRICS_CLASSIC,
                 (const char *const[]){"# TYPE sockgreet_build_info gauge", "# TYPE sockgreet_state gauge",
                                       "# TYPE sockgreet_worker_restarts_total counter",
                                       "sockgreet_worker_restarts_total 6",
                                       "# TYPE sockgreet_greeting_duration_seconds histogram", NULL});
    cr_expect_null(strstr(text, "# UNIT"));
    cr_expect_null(strstr(text, "# EOF"));
    free(text);
    free(metrics);
}

Test(metrics, openmetrics_ends_in_its_last_line)
{
    struct metrics *metrics = sample_new();
    char *text = text_of(metrics, METRICS_OPEN);

    cr_expect_str_eq(text + strlen(text) - strlen("\n# EOF\n"), "\n# EOF\n");
    free(text);
    free(metrics);
}

/* Each client is a greeting or a refusal, and not both. */
Test(metrics, greetings_and_refusals_are_all_clients)
{
    struct metrics *metrics = sample_new();
    char *text = text_of(metrics, METRICS_OPEN);
    unsigned long long sum = 0;

    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, "sockgreet_greetings_total{", 26) == 0 ||
            strncmp(line, "sockgreet_refusals_total{", 25) == 0)
            sum += strtoull(strchr(line, '}') + 1, NULL, 10);
    cr_expect_eq(sum, tally_served(&metrics->totals.clients));
    free(text);
    free(metrics);
}

/* A worker that was taken over can write any name. */
Test(metrics, a_name_cannot_end_its_label)
{
    struct metrics *metrics = sample_new();
    char *text;

    for (size_t i = 0; i < metrics->listener_count; i++)
        snprintf(metrics->listeners[i].name, METRICS_NAME, "%s", "a\"} 1\nb\\\xff\x01");
    metrics->listeners[1].clients.taken = 5;
    text = text_of(metrics, METRICS_OPEN);
    cr_expect(has_line(text, "sockgreet_clients_total{listener=\"a\\\"} 1\\nb\\\\??\",transport=\"tcp\"} 5"));
    free(text);
    free(metrics);
}

Test(metrics, connections_are_never_less_than_none)
{
    struct metrics *metrics = sample_new();
    char *text;

    metrics->listeners[1].clients.taken = 1;
    text = text_of(metrics, METRICS_OPEN);
    cr_expect(has_line(text, "sockgreet_connections{listener=\"tcp\",transport=\"tcp\"} 0"));
    free(text);
    free(metrics);
}

Test(metrics, json)
{
    static const char *const parts[] = {"\"state\":\"drain\",\"weight\":105,\"reason\":\"a move\"",
                                        "\"started\":\"2023-11-14T22:13:20.123Z\"",
                                        "\"workers\":{\"ready\":1,\"wanted\":2}",
                                        "\"reloads\":{\"applied\":3,\"refused\":7}",
                                        "\"log\":{\"written\":8,\"summarised\":9,\"dropped\":10}",
                                        "\"listeners\":[{\"name\":\"(gone)\",\"transport\":null,",
                                        "{\"name\":\"tcp\",\"transport\":\"tcp\",\"clients\":"};
    struct metrics *metrics = sample_new();
    size_t length;
    char *text = metrics_json(metrics, "here", &length);

    cr_assert_not_null(text);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        cr_expect_not_null(strstr(text, parts[i]), "%s has not %s", text, parts[i]);
    free(text);
    free(metrics);
}
