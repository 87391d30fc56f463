/* SPDX-License-Identifier: MIT */
#include "service/monitor.h"

#include "service/http_reply.h"
#include "service/http_request.h"
#include "service/metrics.h"
#include "service/page.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define ALIVE        "ok\n"
#define CLASSIC      "text/plain; version=0.0.4; charset=utf-8"

/* The pages, by path. */
enum page { PAGE_ROOT, PAGE_METRICS, PAGE_STATUS, PAGE_LIVE, PAGE_READY, PAGE_COUNT };

static const char *const paths[PAGE_COUNT] = {[PAGE_ROOT] = "/",
                                              [PAGE_METRICS] = "/metrics",
                                              [PAGE_STATUS] = "/status",
                                              [PAGE_LIVE] = "/livez",
                                              [PAGE_READY] = "/readyz"};

struct monitor {
    struct plan plan;
    const char *instance;
};

/* --- The request --- */

static enum page page_of(const struct http_request *read)
{
    enum page page = PAGE_ROOT;

    while (page < PAGE_COUNT && !http_request_is_for(read, paths[page]))
        page++;
    return page;
}

/* Pages are read-only: other methods are refused. */
static enum http_verdict judge(const struct http_request *read, enum page page)
{
    if (!read->is_get && !read->is_head)
        return HTTP_NOT_READING;
    return page < PAGE_COUNT ? HTTP_OK : HTTP_NOT_FOUND;
}

static void read_request(const char *bytes, size_t length, enum request_input input,
                         struct service_request *request)
{
    struct http_request read;
    enum request_kind kind = http_request_read(bytes, length, input, &read);
    enum page page = page_of(&read);

    if (kind == REQUEST_GOOD)
        read.verdict = judge(&read, page);
    if (read.verdict == HTTP_NOT_READING)
        kind = REQUEST_BAD;
    *request = (struct service_request){.kind = (uint8_t)kind,
                                        .verdict = (uint8_t)read.verdict,
                                        .page = (uint8_t)page,
                                        .is_head = read.is_head,
                                        .as_openmetrics = read.prefers_openmetrics};
}

/* --- The answer --- */

/* Writes a response with text, and frees it; NULL: there was no memory for it. */
static size_t respond(const struct occasion *occasion, const char *type, char *text, size_t length, char *out)
{
    if (!text)
        return http_reply_fail(&occasion->request, HTTP_NO_MEMORY, occasion->moment, out);
    memcpy(out + HTTP_HEAD_MAX, text, length);
    free(text);
    return http_reply_write(&occasion->request, HTTP_OK, type, occasion->moment, length, out);
}

static size_t respond_metrics(const struct occasion *occasion, char *out)
{
    bool open = occasion->request.as_openmetrics;
    size_t length = 0;
    char *text = metrics_text(occasion->metrics, open ? METRICS_OPEN : METRICS_CLASSIC, &length);

    return respond(occasion, open ? OPEN_METRICS : CLASSIC, text, length, out);
}

static size_t respond_status(const struct monitor *monitor, const struct occasion *occasion, char *out)
{
    size_t length = 0;
    char *text = metrics_json(occasion->metrics, monitor->instance, &length);

    return respond(occasion, HTTP_JSON, text, length, out);
}

static size_t respond_numbers(const struct monitor *monitor, const struct occasion *occasion, char *out)
{
    if (!occasion->metrics)
        return http_reply_fail(&occasion->request, HTTP_NOT_SUMMED, occasion->moment, out);
    return occasion->request.page == PAGE_METRICS ? respond_metrics(occasion, out)
                                                  : respond_status(monitor, occasion, out);
}

static size_t respond_constant(const struct occasion *occasion, const char *type, const char *text,
                               size_t length, char *out)
{
    memcpy(out + HTTP_HEAD_MAX, text, length);
    return http_reply_write(&occasion->request, HTTP_OK, type, occasion->moment, length, out);
}

/* The metrics are copied only for pages that show them. */
static unsigned needs(const struct plan *plan, const struct service_request *request)
{
    (void)plan;
    if (http_reply_is_refusal(request))
        return 0;
    switch ((enum page)request->page) {
    case PAGE_READY:
        return PLAN_STATE;
    case PAGE_METRICS:
    case PAGE_STATUS:
        return PLAN_STATE | PLAN_METRICS;
    default:
        return 0;
    }
}

static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    const struct service_request *request = &occasion->request;

    if (http_reply_is_refusal(request))
        return http_reply_refuse(request, occasion->moment, out);
    switch ((enum page)request->page) {
    case PAGE_READY:
        return http_reply_ready(request, occasion->state, occasion->moment, out);
    case PAGE_LIVE:
        return respond_constant(occasion, HTTP_TEXT, ALIVE, strlen(ALIVE), out);
    case PAGE_METRICS:
    case PAGE_STATUS:
        return respond_numbers((const struct monitor *)plan, occasion, out);
    default:
        return respond_constant(occasion, HTTP_PAGE, page_bytes, page_length, out);
    }
}

/* --- The plan --- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static const struct plan *compile(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors)
{
    struct monitor *monitor = arena_alloc(arena, sizeof(*monitor));
    const char *instance = site->host ? site->host->instance : "";

    (void)text;
    (void)length;
    if (monitor)
        monitor->instance = arena_copy(arena, instance, strlen(instance));
    if (!monitor || !monitor->instance) {
        message_set(&errors->list[0], TEMPLATE_NO_ROOM);
        errors->count = 1;
        return NULL;
    }
    monitor->plan =
        (struct plan){.service = &service_monitor,
                      .time = PLAN_SECOND,
                      .needs = PLAN_STATE | PLAN_METRICS,
                      .longest = HTTP_HEAD_MAX + larger(page_length, metrics_longest(METRICS_LISTENERS))};
    return &monitor->plan;
}

const struct service service_monitor = {.name = "monitor",
                                        .transports = SERVICE_ON_STREAMS,
                                        .compile = compile,
                                        .is_private = true,
                                        .read = read_request,
                                        .needs = needs,
                                        .answer = answer};
