/* SPDX-License-Identifier: MIT */
#include "client/http_answer.h"

#include "base/ascii.h"
#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#define REASON_MAX 40 /* bytes of a status line that are printed */

/* The Host field (RFC 9110, section 7.2): without the interface of an address, which has other names
 * elsewhere.
 */
static void write_host(char *host, size_t size, const struct endpoint *endpoint)
{
    int length = (int)strcspn(endpoint->host, "%");

    if (transport_is_unix(endpoint->transport))
        snprintf(host, size, "localhost");
    else if (strchr(endpoint->host, ':'))
        snprintf(host, size, "[%.*s]:%s", length, endpoint->host, endpoint->port);
    else
        snprintf(host, size, "%s:%s", endpoint->host, endpoint->port);
}

char *http_answer_request(const struct endpoint *endpoint, const char *path)
{
    char host[ENDPOINT_HOST_MAX + 64];
    char *request;

    write_host(host, sizeof(host), endpoint);
    if (asprintf(&request,
                 "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: sockgreet/" PACKAGE_VERSION
                 "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                 path, host) < 0)
        return NULL;
    return request;
}

/* Where the body begins: after an empty line, which ends in LF or CRLF. 0: the header is not complete. */
static size_t header_length(const char *answer, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++) {
        if (answer[i] != '\n')
            continue;
        if (answer[i + 1] == '\n')
            return i + 2;
        if (i + 2 < length && answer[i + 1] == '\r' && answer[i + 2] == '\n')
            return i + 3;
    }
    return 0;
}

/* "HTTP/1.1 200": RFC 9112, section 4. */
static bool has_status(const char *answer, size_t length)
{
    return length > 12 && memcmp(answer, "HTTP/", 5) == 0 && ascii_is_digit(answer[5]) && answer[6] == '.' &&
           ascii_is_digit(answer[7]) && answer[8] == ' ' && ascii_is_digit(answer[9]) &&
           ascii_is_digit(answer[10]) && ascii_is_digit(answer[11]) && strchr(" \r\n", answer[12]) &&
           answer[12];
}

static void write_status(struct message *why, const char *answer, size_t length)
{
    char shown[4 * REASON_MAX + 1];
    const char *end = memchr(answer, '\n', length);
    size_t line = end ? (size_t)(end - answer) : length;

    if (line > 0 && answer[line - 1] == '\r')
        line--;
    escape_bytes(shown, sizeof(shown), answer + 9, line - 9 < REASON_MAX ? line - 9 : REASON_MAX);
    message_set(why, "answered with status %s", shown);
}

bool http_answer_body(const char **answer, size_t *length, struct message *why)
{
    const char *begin = *answer;
    size_t skipped;

    if (!has_status(begin, *length)) {
        message_set(why, "the answer is not HTTP");
        return false;
    }
    skipped = header_length(begin, *length);
    if (begin[9] != '2')
        write_status(why, begin, *length);
    else if (skipped == 0)
        message_set(why, "the header of the answer is incomplete");
    *answer = begin + (skipped ? skipped : *length);
    *length -= (size_t)(*answer - begin);
    return begin[9] == '2' && skipped > 0;
}
