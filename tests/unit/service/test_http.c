/* SPDX-License-Identifier: MIT */
#include "service/http.h"

#include "service/http_reply.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct moment moment;
static char out[64 * 1024];
static struct state state;
static void *kept; /* memory in which a plan keeps what it has rendered; NULL: none */

static void set_up(void)
{
    cr_assert_eq(arena_open(&arena, 1 << 20), 0);
    state = STATE_DEFAULT;
    moment_set(&moment, (struct timespec){.tv_sec = 784111777}); /* the example of RFC 9110, section 5.6.7 */
}

static void tear_down(void)
{
    arena_close(&arena);
}

TestSuite(http, .init = set_up, .fini = tear_down);

static const struct plan *compile(const char *greeting, enum format format)
{
    const struct site site = {.listener = "web", .transport = TRANSPORT_TCP, .format = format};
    struct template_errors errors = {.count = 0};
    const struct plan *plan = service_http.compile(&arena, greeting, strlen(greeting), &site, &errors);

    cr_assert_not_null(plan, "%s", errors.list[0].text);
    cr_assert_leq(plan->longest, sizeof(out) - 1);
    return plan;
}

static const char *answer(const struct plan *plan, const char *request, enum request_input input)
{
    static const struct peer nobody;
    static const struct speaker speaker;
    struct occasion occasion = {.peer = &nobody,
                                .speaker = &speaker,
                                .moment = &moment,
                                .accepted = &moment,
                                .state = &state,
                                .epoch = 1,
                                .kept = kept};
    size_t length;

    service_http.read(request, strlen(request), input, &occasion.request);
    cr_assert_neq(occasion.request.kind, REQUEST_PART, "%s", request);
    length = service_http.answer(plan, &occasion, out);
    cr_assert_leq(length, plan->longest, "%zu", length);
    out[length] = '\0';
    return out;
}

static void assert_answer(const char *request, enum request_input input, const char *first_line)
{
    const char *said = answer(compile("hello\r\n", FORMAT_TEXT), request, input);

    cr_assert_eq(strncmp(said, first_line, strlen(first_line)), 0, "%s: %s", request, said);
    cr_assert_str_not_empty(strstr(said, "\r\n\r\n"));
}

Test(http, greets_in_an_answer)
{
    cr_assert_str_eq(answer(compile("hello\r\n", FORMAT_TEXT), "GET / HTTP/1.0\r\n\r\n", REQUEST_OPEN),
                     "HTTP/1.1 200 OK\r\n"
                     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\n"
                     "Content-Length: 7\r\n"
                     "Cache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\n"
                     "Connection: close\r\n"
                     "\r\n"
                     "hello\r\n");
}

Test(http, has_no_content_for_head)
{
    const char *said = answer(compile("hello", FORMAT_TEXT), "HEAD / HTTP/1.0\r\n\r\n", REQUEST_OPEN);

    cr_assert_not_null(strstr(said, "\r\nContent-Length: 5\r\n"));
    cr_assert_str_eq(strstr(said, "\r\n\r\n"), "\r\n\r\n");
}

Test(http, greets_in_json_if_asked_or_told_to)
{
    const char *said = answer(compile("${listener}", FORMAT_TEXT),
                              "GET / HTTP/1.0\r\nAccept: application/json\r\n\r\n", REQUEST_OPEN);

    cr_assert_not_null(strstr(said, "\r\nContent-Type: application/json\r\n"));
    cr_assert_not_null(strstr(said, "\r\n\r\n{\"schema\":1,\"greeting\":\"web\""));
    said = answer(compile("${listener}", FORMAT_JSON), "GET / HTTP/1.0\r\n\r\n", REQUEST_OPEN);
    cr_assert_not_null(strstr(said, "\r\nContent-Type: application/json\r\n"));
    said = answer(compile("${listener}", FORMAT_LINE), "GET / HTTP/1.0\r\n\r\n", REQUEST_OPEN);
    cr_assert_not_null(strstr(said, "\r\nContent-Type: text/plain"));
    cr_assert_not_null(strstr(said, " greeting='web'\n"));
}

Test(http, refuses_what_it_must)
{
    assert_answer("GET /\r\n\r\n", REQUEST_OPEN, "HTTP/1.1 400 Bad Request\r\n");
    assert_answer("GET /favicon.ico HTTP/1.0\r\n\r\n", REQUEST_OPEN, "HTTP/1.1 404 Not Found\r\n");
    assert_answer("TRACE / HTTP/1.0\r\n\r\n", REQUEST_OPEN, "HTTP/1.1 405 Method Not Allowed\r\n");
    assert_answer("GET", REQUEST_LATE, "HTTP/1.1 408 Request Timeout\r\n");
    assert_answer("GET", REQUEST_FULL, "HTTP/1.1 414 URI Too Long\r\n");
    assert_answer("GET / HTTP/1.0\r\nA", REQUEST_FULL, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
    assert_answer("BREW / HTTP/1.0\r\n\r\n", REQUEST_OPEN, "HTTP/1.1 501 Not Implemented\r\n");
    assert_answer("GET / HTTP/3.0\r\n\r\n", REQUEST_OPEN, "HTTP/1.1 505 HTTP Version Not Supported\r\n");
}

Test(http, says_whether_it_is_ready)
{
    const struct plan *plan = compile("hello", FORMAT_TEXT);
    const char *said = answer(plan, "GET /ready?now HTTP/1.0\r\n\r\n", REQUEST_OPEN);

    cr_assert_eq(strncmp(said, "HTTP/1.1 200 OK\r\n", 17), 0);
    cr_assert_str_eq(strstr(said, "\r\n\r\n"), "\r\n\r\nready\n");
    state = (struct state){.word = STATE_MAINT, .reason = "new disks"};
    said = answer(plan, "GET /ready HTTP/1.0\r\n\r\n", REQUEST_OPEN);
    cr_assert_eq(strncmp(said, "HTTP/1.1 503 Service Unavailable\r\n", 34), 0);
    cr_assert_str_eq(strstr(said, "\r\n\r\n"), "\r\n\r\nmaint: new disks\n");
    said = answer(plan, "GET / HTTP/1.0\r\n\r\n", REQUEST_OPEN);
    cr_assert_eq(strncmp(said, "HTTP/1.1 200 OK\r\n", 17), 0);
}

Test(http, says_which_methods_there_are)
{
    const char *said = answer(compile("a", FORMAT_TEXT), "TRACE / HTTP/1.0\r\n\r\n", REQUEST_OPEN);

    cr_assert_not_null(strstr(said, "\r\nAllow: GET, HEAD, "));
}

Test(http, answers_others_in_their_words)
{
    const struct plan *plan = compile("a", FORMAT_TEXT);

    cr_assert_eq(memcmp(answer(plan, "\x16\x03\x01", REQUEST_OPEN), "\x15\x03\x01\0\x02\x02\x46", 8), 0);
    cr_assert_eq(memcmp(answer(plan, "PRI * HTTP/2.0\r\n", REQUEST_OPEN),
                        "\0\0\0\x04\0\0\0\0\0" /* SETTINGS */
                        "\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0d" /* GOAWAY */,
                        26),
                 0);
    cr_assert_str_empty(answer(plan, "", REQUEST_ENDED));
}

static unsigned needs(const struct plan *plan, const char *request)
{
    struct service_request read;

    service_http.read(request, strlen(request), REQUEST_OPEN, &read);
    return service_http.needs(plan, &read);
}

/* What JSON would say is asked for those alone who get it. */
Test(http, needs_what_the_answer_says)
{
    const struct plan *plan = compile("${state}", FORMAT_TEXT), *fixed = compile("hello", FORMAT_TEXT);
    const char *json = "GET / HTTP/1.0\r\nAccept: application/json\r\n\r\n";

    cr_assert_eq(needs(fixed, "GET / HTTP/1.0\r\n\r\n"), 0);
    cr_assert_eq(needs(plan, "GET / HTTP/1.0\r\n\r\n"), PLAN_STATE);
    cr_assert_eq(needs(fixed, "GET /ready HTTP/1.0\r\n\r\n"), PLAN_STATE);
    cr_assert_eq(needs(fixed, "TRACE / HTTP/1.0\r\n\r\n"), 0);
    cr_assert_eq(needs(fixed, json) & PLAN_CONNECTION, PLAN_CONNECTION);
    cr_assert_eq(needs(fixed, json) & ~fixed->needs, 0);
}

/* Each of the two plans has its part of what is kept. */
static void assert_same_if_kept(enum format format)
{
    static const char *const requests[] = {"GET / HTTP/1.0\r\n\r\n",
                                           "GET / HTTP/1.0\r\nAccept: application/json\r\n\r\n"};
    const struct plan *plan = compile("${transport} ${state} ${pid} ${client_port}\r\n", format);
    void *memory = calloc(1, plan->kept);
    char expected[sizeof(out)];

    cr_assert_gt(plan->kept, 0);
    for (unsigned i = 0; i < 8; i++) {
        kept = NULL;
        strcpy(expected, answer(plan, requests[i % 2], REQUEST_OPEN));
        kept = memory;
        cr_assert_str_eq(answer(plan, requests[i % 2], REQUEST_OPEN), expected);
    }
    free(memory);
    kept = NULL;
}

Test(http, says_the_same_with_what_is_kept)
{
    assert_same_if_kept(FORMAT_TEXT);
    assert_same_if_kept(FORMAT_LINE);
    assert_same_if_kept(FORMAT_JSON);
}
