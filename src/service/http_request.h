/* SPDX-License-Identifier: MIT */
/* http_request: reads an HTTP/1 request (RFC 9112) up to the empty line after its fields, without its
 * content.
 */
#ifndef SOCKGREET_HTTP_REQUEST_H
#define SOCKGREET_HTTP_REQUEST_H

#include "service/request.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_CONTENT_MAX (64 * 1024) /* bytes of content that a request may announce */

/* The responses: enumerator, status and reason phrase (RFC 9110, section 15), and explanation for the
 * content.
 */
#define HTTP_VERDICTS(X)                                                                                   \
    X(OK, 200, "OK", "")                                                                                   \
    X(BAD_LINE, 400, "Bad Request", "the first line must be METHOD TARGET HTTP/1.1")                       \
    X(BAD_FIELD, 400, "Bad Request", "a header field must be NAME: VALUE, on one line")                    \
    X(BAD_HOST, 400, "Bad Request", "HTTP/1.1 needs exactly one Host field: HOST or HOST:PORT")            \
    X(BAD_LENGTH, 400, "Bad Request", "the length of the content is invalid or ambiguous")                 \
    X(CUT, 400, "Bad Request", "the request ended before the empty line after its header fields")          \
    X(NOT_FOUND, 404, "Not Found", "there is no such page")                                                \
    X(BAD_METHOD, 405, "Method Not Allowed", "this method is not allowed here")                            \
    X(NOT_READING, 405, "Method Not Allowed", "only GET and HEAD are allowed here")                        \
    X(LATE, 408, "Request Timeout", "the request did not arrive in time")                                  \
    X(TOO_LARGE, 413, "Content Too Large", "the content of a request may have at most 64 KiB")             \
    X(LONG_LINE, 414, "URI Too Long", "a request may have at most 8 KiB, not counting its content")        \
    X(LONG_FIELDS, 431, "Request Header Fields Too Large",                                                 \
      "a request may have at most 8 KiB, not counting its content")                                        \
    X(NO_MEMORY, 500, "Internal Server Error", "there is not enough memory for the answer")                \
    X(UNKNOWN_METHOD, 501, "Not Implemented", "this method is unknown")                                    \
    X(NOT_READY, 503, "Service Unavailable", "")                                                           \
    X(NOT_SUMMED, 503, "Service Unavailable", "the counters are not available yet; try again in a second") \
    X(BAD_VERSION, 505, "HTTP Version Not Supported", "only HTTP/1.0 and HTTP/1.1 are supported")

#define HTTP_VERDICT_ENUMERATOR(id, ...) HTTP_##id,
enum http_verdict { HTTP_VERDICTS(HTTP_VERDICT_ENUMERATOR) HTTP_VERDICT_COUNT };
#undef HTTP_VERDICT_ENUMERATOR

struct http_request {
    enum http_verdict verdict; /* HTTP_OK: the request is valid */
    bool is_get, is_head;
    bool prefers_openmetrics; /* to text, by its Accept fields */
    bool prefers_json;        /* to text, by its Accept fields (RFC 9110, section 12.5.1) */
    const char *path; /* of the target, without its query; points into the bytes read; "" if unknown */
    size_t path_length;
};

/* Whether the target has this path. */
bool http_request_is_for(const struct http_request *request, const char *path);

/* Reads the bytes received so far. Returns REQUEST_GOOD, or REQUEST_BAD with the verdict, or another kind,
 * for which *request is not set. While the input is open, more bytes can turn a REQUEST_PART into any kind;
 * they do not change any other kind. */
enum request_kind http_request_read(const char *bytes, size_t length, enum request_input input,
                                    struct http_request *request);

#endif
