/* SPDX-License-Identifier: MIT */
#include "service/monitor.h"

#include "../../metrics/sample.h"
#include "service/http_reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct moment moment;
static struct state state;
static struct metrics *metrics;
static const struct plan *plan;
static char *out;

static void set_up(void)
{
    static struct host host = {.instance = "here"};
    const struct site site = {.listener = "monitor", .transport = TRANSPORT_TCP, .host = &host};
    struct template_errors errors;

    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    moment_set(&moment, (struct timespec){.tv_sec = 1});
    state = STATE_DEFAULT;
    metrics = sample_new();
    plan = service_monitor.compile(&arena, "", 0, &site, &errors);
    cr_assert_not_null(plan);
    out = malloc(plan->longest + 1);
}

static void tear_down(void)
{
    arena_close(&arena);
    free(metrics);
    free(out);
}

TestSuite(monitor, .init = set_up, .fini = tear_down);

/* The answer to a request for a path, with further fields. */
static const char *answer(const char *method, const char *path, const char *fields)
{
    struct occasion occasion = {.moment = &moment, .state = &state, .metrics = metrics};
    char request[512];
    size_t length;

    snprintf(request, sizeof(request), "%s %s HTTP/1.0\r\n%s\r\n", method, path, fields);
    service_monitor.read(request, strlen(request), REQUEST_OPEN, &occasion.request);
    if (!(service_monitor.needs(plan, &occasion.request) & PLAN_METRICS))
        occasion.metrics = NULL; /* nobody reads them then */
    if (!(service_monitor.needs(plan, &occasion.request) & PLAN_STATE))
        occasion.state = NULL;
    length = service_monitor.answer(plan, &occasion, out);
    cr_assert_leq(length, plan->longest);
    out[length] = '\0';
    return out;
}

static void assert_answer(const char *path, const char *status, const char *type, const char *part)
{
    const char *said = answer("GET", path, "");

    cr_assert_eq(strncmp(said + strlen("HTTP/1.1 "), status, strlen(status)), 0, "%s: %.80s", path, said);
    cr_assert_not_null(strstr(said, type), "%s: %.400s", path, said);
    cr_assert_not_null(strstr(strstr(said, "\r\n\r\n"), part), "%s: %s", path, said);
}

Test(monitor, pages)
{
    assert_answer("/", "200 ", "\r\nContent-Type: text/html", "<title>");
    assert_answer("/?a", "200 ", "\r\nContent-Security-Policy: default-src 'none'", "</html>\n");
    assert_answer("/metrics", "200 ", "\r\nContent-Type: text/plain; version=0.0.4",
                  "\nsockgreet_workers 1\n");
    assert_answer("/status", "200 ", "\r\nContent-Type: application/json", "{\"instance\":\"here\",");
    assert_answer("/livez", "200 ", "", "ok\n");
    assert_answer("/readyz", "200 ", "", "ready\n");
    assert_answer("/else", "404 ", "", "404 ");
    assert_answer("/favicon.ico", "404 ", "", "404 ");
}

Test(monitor, openmetrics_for_those_who_ask_for_it)
{
    const char *said = answer("GET", "/metrics", "Accept: application/openmetrics-text\r\n");

    cr_assert_not_null(strstr(said, "\r\nContent-Type: application/openmetrics-text; version=1.0.0"));
    cr_assert_str_eq(said + strlen(said) - 6, "# EOF\n");
}

Test(monitor, is_read_only)
{
    cr_assert_eq(strncmp(answer("POST", "/", ""), "HTTP/1.1 405 ", 13), 0);
    cr_assert_not_null(strstr(out, "\r\nAllow: GET, HEAD\r\n"));
    cr_assert_eq(strncmp(answer("HEAD", "/metrics", ""), "HTTP/1.1 200 ", 13), 0);
    cr_assert_str_eq(strstr(out, "\r\n\r\n"), "\r\n\r\n");
}

Test(monitor, says_whether_the_service_is_ready)
{
    state.word = STATE_DRAIN;
    assert_answer("/readyz", "503 ", "", "drain\n");
    assert_answer("/livez", "200 ", "", "ok\n");
}

Test(monitor, has_no_numbers_before_they_are_summed)
{
    free(metrics);
    metrics = NULL;
    assert_answer("/metrics", "503 ", "", "try again");
    assert_answer("/status", "503 ", "", "try again");
    assert_answer("/readyz", "200 ", "", "ready\n");
}

/* Whatever the numbers are, the answer has room. */
Test(monitor, has_room_for_the_largest)
{
    struct metrics *largest = calloc(1, metrics_size(METRICS_LISTENERS));
    const char *const paths[] = {"/metrics", "/status"};

    free(metrics);
    metrics = largest;
    memset(largest, 0xff, metrics_size(METRICS_LISTENERS));
    largest->state = (struct state){.word = STATE_MAINT, .weight = STATE_WEIGHT_MAX};
    memset(largest->state.reason, 'x', STATE_REASON_MAX);
    largest->listener_count = METRICS_LISTENERS;
    for (size_t i = 0; i < METRICS_LISTENERS; i++) {
        memset(largest->listeners[i].name, 'n', METRICS_NAME - 1);
        largest->listeners[i].name[METRICS_NAME - 1] = '\0';
        largest->listeners[i].transport = TRANSPORT_UNIX_DGRAM;
    }
    for (size_t i = 0; i < 2; i++)
        cr_assert_geq(strlen(answer("GET", paths[i], "")), METRICS_LISTENERS * 500);
    answer("GET", "/metrics", "Accept: application/openmetrics-text\r\n");
}
