/* SPDX-License-Identifier: MIT */
#include "service/http.h"

#include "service/greeting.h"
#include "service/http_reply.h"
#include "service/http_request.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#define ICON "/favicon.ico" /* browsers request it on their own */

enum page { PAGE_GREETING, PAGE_READY };

/* The plans of the greeting: in the listener's format, and in JSON for clients that prefer it. They are the
 * same if the format is JSON. What a speaker keeps for json follows what it keeps for usual. */
struct http {
    struct plan plan;
    const struct plan *usual, *json;
    const char *type;  /* of usual */
    size_t usual_kept; /* bytes, with those that align what follows */
};

/* --- The request --- */

static void read_request(const char *bytes, size_t length, enum request_input input,
                         struct service_request *request)
{
    struct http_request read;
    enum request_kind kind = http_request_read(bytes, length, input, &read);

    if (kind == REQUEST_GOOD && http_request_is_for(&read, ICON))
        read.verdict = HTTP_NOT_FOUND;
    *request =
        (struct service_request){.kind = (uint8_t)kind,
                                 .verdict = (uint8_t)read.verdict,
                                 .page = http_request_is_for(&read, "/ready") ? PAGE_READY : PAGE_GREETING,
                                 .is_head = read.is_head,
                                 .as_json = read.prefers_json};
}

/* --- The plan --- */

static const struct plan *compile_as(enum format format, struct arena *arena, const char *text, size_t length,
                                     const struct site *site, struct template_errors *errors)
{
    struct site of_format = *site;

    of_format.format = format;
    return service_greeting.compile(arena, text, length, &of_format, errors);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

/* Every head has a Date field. */
static void complete(struct http *http)
{
    const struct plan *usual = http->usual, *json = http->json;

    http->usual_kept = json == usual ? 0 : aligned(usual->kept);
    http->plan = (struct plan){
        .service = &service_http,
        .time = usual->time == PLAN_INSTANT || json->time == PLAN_INSTANT ? PLAN_INSTANT : PLAN_SECOND,
        .needs = usual->needs | json->needs | PLAN_STATE,
        .kept = http->usual_kept + json->kept,
        .longest = larger(HTTP_ERROR_MAX, HTTP_HEAD_MAX + larger(usual->longest, json->longest))};
}

static const struct plan *compile(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors)
{
    struct http *http = arena_alloc(arena, sizeof(*http));

    if (!http) {
        message_set(&errors->list[0], TEMPLATE_NO_ROOM);
        errors->count = 1;
        return NULL;
    }
    http->type = site->format == FORMAT_JSON ? HTTP_JSON : HTTP_TEXT;
    http->usual = compile_as(site->format, arena, text, length, site, errors);
    if (!http->usual)
        return NULL;
    http->json = site->format == FORMAT_JSON ? http->usual
                                             : compile_as(FORMAT_JSON, arena, text, length, site, errors);
    if (!http->json)
        return NULL;
    complete(http);
    return &http->plan;
}

/* --- The answer --- */

static const struct plan *plan_for(const struct http *http, const struct service_request *request)
{
    return request->as_json ? http->json : http->usual;
}

/* A text answer does not need everything that JSON does. */
static unsigned needs(const struct plan *plan, const struct service_request *request)
{
    if (http_reply_is_refusal(request))
        return 0;
    return request->page == PAGE_READY ? PLAN_STATE : plan_for((const struct http *)plan, request)->needs;
}

static size_t greet(const struct http *http, const struct occasion *occasion, char *out)
{
    const struct plan *plan = plan_for(http, &occasion->request);
    size_t place = plan == http->json ? http->usual_kept : 0;
    struct occasion own;

    if (plan->is_constant) {
        memcpy(out, plan->bytes, plan->length);
        return plan->length;
    }
    own = *occasion;
    own.kept = occasion->kept && plan->kept ? (char *)occasion->kept + place : NULL;
    return plan->service->answer(plan, &own, out);
}

static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    const struct http *http = (const struct http *)plan;
    const struct service_request *request = &occasion->request;
    size_t length;

    if (http_reply_is_refusal(request))
        return http_reply_refuse(request, occasion->moment, out);
    if (request->page == PAGE_READY)
        return http_reply_ready(request, occasion->state, occasion->moment, out);
    length = greet(http, occasion, out + HTTP_HEAD_MAX);
    return http_reply_write(request, HTTP_OK, request->as_json ? HTTP_JSON : http->type, occasion->moment,
                            length, out);
}

const struct service service_http = {.name = "http",
                                     .transports = SERVICE_ON_STREAMS,
                                     .says_text = true,
                                     .compile = compile,
                                     .read = read_request,
                                     .needs = needs,
                                     .answer = answer};
