/* SPDX-License-Identifier: MIT */
#include "client/http_answer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct message why;

/* The body of an answer, or '!' and why it is none. */
static const char *body(const char *answer, size_t length)
{
    static char text[1024];
    const char *begin = answer;

    why.text[0] = '\0';
    if (http_answer_body(&begin, &length, &why))
        snprintf(text, sizeof(text), "%.*s", (int)length, begin);
    else
        snprintf(text, sizeof(text), "!%s", why.text);
    return text;
}

static const char *body_of(const char *answer)
{
    return body(answer, strlen(answer));
}

Test(http_answer, body)
{
    cr_assert_str_eq(body_of("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello\n"), "hello\n");
    cr_assert_str_eq(body_of("HTTP/1.0 204 No Content\r\n\r\n"), "");
    cr_assert_str_eq(body_of("HTTP/1.0 200 OK\nServer: x\n\nhello"), "hello");
    cr_assert_str_eq(body_of("HTTP/1.0 200\r\n\r\n\r\n\r\n"), "\r\n\r\n");
    cr_assert_str_eq(body_of("HTTP/1.0 200 OK\r\nServer: cut off"),
                     "!the header of the answer is incomplete");
}

Test(http_answer, other_status)
{
    const char *answer = "HTTP/1.0 503 Busy\r\n\r\nlater";
    size_t length = strlen(answer);

    cr_assert_not(http_answer_body(&answer, &length, &why));
    cr_assert_str_eq(why.text, "answered with status 503 Busy");
    cr_assert_eq(length, 5);
    cr_assert_eq(memcmp(answer, "later", 5), 0);
    cr_assert_str_eq(body_of("HTTP/1.1 404\r\n\r\n"), "!answered with status 404");
    cr_assert_str_eq(body_of("HTTP/1.1 301 \x1b[31m\r\n\r\n"), "!answered with status 301 \\x1b[31m");
    cr_assert_lt(
        strlen(body_of("HTTP/1.1 500 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")),
        80);
}

/* Whatever the answer is cut down to, nothing behind its end is read: the bytes lie at the end of their
 * memory. */
Test(http_answer, not_of_http)
{
    static const char whole[] = "HTTP/1.1 404 Not Found\r\n\r\n";
    static const char *const others[] = {
        "", "220 mail\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1_200", "HTTP/1.1 2x0 ", "HTTP/1.1 404"};

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        cr_assert_str_eq(body_of(others[i]), "!the answer is not HTTP", "%s", others[i]);
    for (size_t length = 0; length < sizeof(whole); length++) {
        char *copy = malloc(length ? length : 1);

        cr_assert_not_null(copy);
        memcpy(copy, whole, length);
        cr_assert_str_eq(body(copy, length) + (length < 13 ? 0 : 1),
                         length < 13 ? "!the answer is not HTTP" : why.text);
        free(copy);
    }
}

static void assert_asks(const char *target, const char *path, const char *begin)
{
    struct endpoint endpoint;
    char *request;

    cr_assert_eq(endpoint_parse(target, &endpoint, &why), 0);
    request = http_answer_request(&endpoint, path);
    cr_assert_not_null(request);
    cr_assert_eq(strncmp(request, begin, strlen(begin)), 0, "%s", request);
    cr_assert_str_eq(request + strlen(request) - 4, "\r\n\r\n");
    cr_assert_not_null(strstr(request, "\r\nConnection: close\r\n"));
    free(request);
}

Test(http_answer, request)
{
    assert_asks("web.example:80", "/", "GET / HTTP/1.0\r\nHost: web.example:80\r\n");
    assert_asks("[2001:db8::1]:8080", "/a?b", "GET /a?b HTTP/1.0\r\nHost: [2001:db8::1]:8080\r\n");
    assert_asks("[fe80::1%eth0]:80", "/", "GET / HTTP/1.0\r\nHost: [fe80::1]:80\r\n");
    assert_asks("unix:/run/x", "/", "GET / HTTP/1.0\r\nHost: localhost\r\n");
}
