/* SPDX-License-Identifier: MIT */
#include "service/http_request.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "Host: a.example:8080\r\n"

static enum request_kind read_bytes(const char *bytes, size_t length, enum request_input input,
                                    struct http_request *request)
{
    char *copy = malloc(length ? length : 1); /* of its exact size, so that reading past it is noticed */
    enum request_kind kind;

    memcpy(copy, bytes, length);
    kind = http_request_read(copy, length, input, request);
    cr_assert(request->path_length == 0 || (request->path >= copy && request->path < copy + length));
    free(copy);
    return kind;
}

static void assert_verdict(const char *text, enum http_verdict expected)
{
    struct http_request request;
    enum request_kind kind = read_bytes(text, strlen(text), REQUEST_OPEN, &request);

    cr_assert_eq(kind, expected == HTTP_OK ? REQUEST_GOOD : REQUEST_BAD, "%s: kind %d", text, (int)kind);
    cr_assert_eq(request.verdict, expected, "%s: verdict %d", text, (int)request.verdict);
}

static void assert_kind(const char *text, enum request_input input, enum request_kind expected)
{
    struct http_request request;
    enum request_kind kind = read_bytes(text, strlen(text), input, &request);

    cr_assert_eq(kind, expected, "%s: kind %d", text, (int)kind);
}

static void assert_cut(const char *text, enum request_input input, enum http_verdict expected)
{
    struct http_request request;

    cr_assert_eq(read_bytes(text, strlen(text), input, &request), REQUEST_BAD, "%s", text);
    cr_assert_eq(request.verdict, expected, "%s: verdict %d", text, (int)request.verdict);
}

Test(http_request, is_read_to_its_empty_line)
{
    static const char text[] = "GET / HTTP/1.1\r\n" HOST "Accept: */*\r\n\r\n";
    struct http_request request;

    for (size_t length = 0; length < strlen(text); length++)
        cr_assert_eq(read_bytes(text, length, REQUEST_OPEN, &request), REQUEST_PART, "%zu", length);
    assert_verdict(text, HTTP_OK);
    assert_verdict("GET / HTTP/1.1\r\n" HOST "\r\nand its content", HTTP_OK);
    assert_verdict("GET / HTTP/1.0\n\n", HTTP_OK);
    assert_verdict("\r\n\r\nGET / HTTP/1.0\r\n\r\n", HTTP_OK);
}

Test(http_request, methods)
{
    assert_verdict("HEAD / HTTP/1.0\r\n\r\n", HTTP_OK);
    assert_verdict("POST /a HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", HTTP_OK);
    assert_verdict("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", HTTP_OK);
    assert_verdict("GET * HTTP/1.1\r\n" HOST "\r\n", HTTP_BAD_LINE);
    assert_verdict("TRACE / HTTP/1.1\r\n" HOST "\r\n", HTTP_BAD_METHOD);
    assert_verdict("CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", HTTP_BAD_METHOD);
    assert_verdict("get / HTTP/1.1\r\n" HOST "\r\n", HTTP_UNKNOWN_METHOD);
    assert_verdict("BREW / HTTP/1.1\r\n" HOST "\r\n", HTTP_UNKNOWN_METHOD);
}

Test(http_request, the_first_line)
{
    assert_verdict("GET /\r\n\r\n", HTTP_BAD_LINE); /* HTTP/0.9 */
    assert_verdict("GET  / HTTP/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET / HTTP/1.0 \r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET / HTTP/1.x\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET / http/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET / HTTP/10\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET relative HTTP/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET /\x01 HTTP/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET /\xc3\xa4 HTTP/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("G@T / HTTP/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict(" GET / HTTP/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET /\r HTTP/1.0\r\n\r\n", HTTP_BAD_LINE);
    assert_verdict("GET / HTTP/2.0\r\n\r\n", HTTP_BAD_VERSION);
    assert_verdict("GET / HTTP/0.9\r\n\r\n", HTTP_BAD_VERSION);
    assert_verdict("\x80", HTTP_BAD_LINE); /* which is clear before the line is whole */
}

Test(http_request, one_host)
{
    assert_verdict("GET / HTTP/1.1\r\n\r\n", HTTP_BAD_HOST);
    assert_verdict("GET / HTTP/1.1\r\n" HOST HOST "\r\n", HTTP_BAD_HOST);
    assert_verdict("GET / HTTP/1.0\r\n" HOST HOST "\r\n", HTTP_BAD_HOST);
    assert_verdict("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HTTP_BAD_HOST);
    assert_verdict("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HTTP_BAD_HOST);
    assert_verdict("GET / HTTP/1.1\r\nHost:\r\n\r\n", HTTP_OK);
    assert_verdict("GET / HTTP/1.1\r\nhOST: \t[2001:db8::1]:80 \t\r\n\r\n", HTTP_OK);
}

Test(http_request, fields)
{
    assert_verdict("GET / HTTP/1.0\r\nA: b\r\n c\r\n\r\n", HTTP_BAD_FIELD); /* a folded line */
    assert_verdict("GET / HTTP/1.0\r\nA : b\r\n\r\n", HTTP_BAD_FIELD);
    assert_verdict("GET / HTTP/1.0\r\n: b\r\n\r\n", HTTP_BAD_FIELD);
    assert_verdict("GET / HTTP/1.0\r\nnothing\r\n\r\n", HTTP_BAD_FIELD);
    assert_verdict("GET / HTTP/1.0\r\nA: b\rc\r\n\r\n", HTTP_BAD_FIELD);
    assert_verdict("GET / HTTP/1.0\r\nA: \x01\r\n\r\n", HTTP_BAD_FIELD);
    assert_verdict("GET / HTTP/1.0\r\nA: \xc3\xa4\tb\r\nB:\r\n\r\n", HTTP_OK);
}

Test(http_request, the_length_of_its_content)
{
    assert_verdict("PUT / HTTP/1.0\r\nContent-Length: 65536\r\n\r\n", HTTP_OK);
    assert_verdict("PUT / HTTP/1.0\r\nContent-Length: 65537\r\n\r\n", HTTP_TOO_LARGE);
    assert_verdict("PUT / HTTP/1.0\r\nContent-Length: 99999999999999999999999999\r\n\r\n", HTTP_TOO_LARGE);
    assert_verdict("PUT / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", HTTP_OK);
    assert_verdict("PUT / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", HTTP_BAD_LENGTH);
    assert_verdict("PUT / HTTP/1.0\r\nContent-Length: -1\r\n\r\n", HTTP_BAD_LENGTH);
    assert_verdict("PUT / HTTP/1.0\r\nContent-Length:\r\n\r\n", HTTP_BAD_LENGTH);
    assert_verdict("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BAD_LENGTH);
    assert_verdict("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", HTTP_OK);
    assert_verdict("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                   HTTP_BAD_LENGTH);
}

/* Whatever ends the input, a part is answered for what it is. */
Test(http_request, parts)
{
    static char longest[REQUEST_MAX + 1];

    assert_kind("", REQUEST_OPEN, REQUEST_PART);
    assert_kind("", REQUEST_ENDED, REQUEST_NONE);
    assert_kind("", REQUEST_LATE, REQUEST_NONE);
    assert_kind("\r\n", REQUEST_LATE, REQUEST_NONE);
    assert_cut("GET / HTTP/1.0\r\n", REQUEST_ENDED, HTTP_CUT);
    assert_cut("GET / HTTP/1.0\r\n", REQUEST_LATE, HTTP_LATE);
    memset(longest, 'a', REQUEST_MAX);
    assert_cut(longest, REQUEST_FULL, HTTP_LONG_LINE);
    memcpy(longest, "GET / HTTP/1.0\r\n", strlen("GET / HTTP/1.0\r\n"));
    assert_cut(longest, REQUEST_FULL, HTTP_LONG_FIELDS);
    memset(longest, '\n', REQUEST_MAX);
    assert_cut(longest, REQUEST_FULL, HTTP_LONG_LINE);
}

Test(http_request, other_protocols)
{
    assert_kind("\x16\x03\x01", REQUEST_OPEN, REQUEST_TLS);
    assert_kind("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REQUEST_OPEN, REQUEST_HTTP2);
    assert_kind("PRI * HTTP/2.0", REQUEST_OPEN, REQUEST_PART);
}

static void assert_path(const char *target, const char *expected)
{
    struct http_request request;
    char text[256];

    snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", target);
    cr_assert_eq(http_request_read(text, strlen(text), REQUEST_OPEN, &request), REQUEST_GOOD, "%s", target);
    cr_assert_eq(request.path_length, strlen(expected), "%s", target);
    cr_assert_eq(memcmp(request.path, expected, strlen(expected)), 0, "%s", target);
}

Test(http_request, the_path_of_its_target)
{
    assert_path("/", "/");
    assert_path("/ready", "/ready");
    assert_path("/ready?verbose=1", "/ready");
    assert_path("/a#b", "/a");
    assert_path("http://a.example/ready?x", "/ready");
    assert_path("HTTPS://a.example:443", "");
    assert_path("http://a.example?x/y", "");
}

static bool prefers_json(const char *fields)
{
    struct http_request request;
    char text[512];

    snprintf(text, sizeof(text), "HEAD / HTTP/1.0\r\n%s\r\n", fields);
    cr_assert_eq(http_request_read(text, strlen(text), REQUEST_OPEN, &request), REQUEST_GOOD, "%s", fields);
    cr_assert(request.is_head);
    return request.prefers_json;
}

Test(http_request, what_it_accepts)
{
    cr_assert_not(prefers_json(""));
    cr_assert_not(prefers_json("Accept: */*\r\n"));
    cr_assert(prefers_json("Accept: application/json\r\n"));
    cr_assert(prefers_json("accept: Application/JSON;charset=utf-8\r\n"));
    cr_assert(prefers_json("Accept: application/json, */*;q=0.8\r\n"));
    cr_assert(prefers_json("Accept: */*;q=0.8\r\nAccept: application/json\r\n"));
    cr_assert(prefers_json("Accept: application/*, text/plain;q=0.999\r\n"));
    cr_assert_not(prefers_json("Accept: application/json;q=0.5, text/plain\r\n"));
    cr_assert_not(prefers_json("Accept: application/json;q=0, */*\r\n"));
    cr_assert_not(prefers_json("Accept: application/*, application/json;q=0.1, text/*;q=0.2\r\n"));
    cr_assert(prefers_json("Accept: application/json;q=0.9, application/json;q=0.1, text/*;q=0.5\r\n"));
    /* what browsers send */
    cr_assert_not(
        prefers_json("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"));
    /* what nobody should */
    cr_assert_not(prefers_json("Accept: ,;,application/json;q=x\r\n"));
    cr_assert_not(prefers_json("Accept: application/json;q=.5\r\n"));
    cr_assert(prefers_json("Accept: application/json;q=7\r\n"));
}

static bool prefers_openmetrics(const char *fields)
{
    struct http_request request;
    char text[512];

    snprintf(text, sizeof(text), "GET / HTTP/1.0\r\n%s\r\n", fields);
    cr_assert_eq(http_request_read(text, strlen(text), REQUEST_OPEN, &request), REQUEST_GOOD, "%s", fields);
    cr_assert(request.is_get && !request.is_head);
    return request.prefers_openmetrics;
}

Test(http_request, openmetrics_for_those_who_name_it)
{
    cr_assert_not(prefers_openmetrics(""));
    cr_assert_not(prefers_openmetrics("Accept: */*\r\n"));
    cr_assert_not(prefers_openmetrics("Accept: text/plain;version=0.0.4, application/*;q=0.5\r\n"));
    cr_assert_not(prefers_openmetrics("Accept: application/openmetrics-text;q=0\r\n"));
    /* what Prometheus 2.42 sends */
    cr_assert(prefers_openmetrics("Accept: application/openmetrics-text;version=1.0.0,"
                                  "application/openmetrics-text;version=0.0.1;q=0.75,"
                                  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"));
}
