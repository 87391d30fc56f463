/* SPDX-License-Identifier: MIT */
/* http_reply: writes responses to HTTP requests (RFC 9110, RFC 9112), and to clients of other protocols. */
#ifndef SOCKGREET_HTTP_REPLY_H
#define SOCKGREET_HTTP_REPLY_H

#include "base/state.h"
#include "service/http_request.h"
#include "service/moment.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEAD_MAX  640 /* bytes of status line and fields */
#define HTTP_ERROR_MAX (HTTP_HEAD_MAX + 256)
#define HTTP_READY_MAX (HTTP_HEAD_MAX + 16 + STATE_REASON_MAX)

#define HTTP_TEXT "text/plain; charset=utf-8"
#define HTTP_JSON "application/json"

/* HTML, sent with a Content-Security-Policy: a browser loads data only from this server and does not embed
 * the page in another one. */
#define HTTP_PAGE "text/html; charset=utf-8"

/* Writes a response whose content, length bytes, is already at out + HTTP_HEAD_MAX. moment: now, to the
 * second. Returns the total length. */
size_t http_reply_write(const struct service_request *request, enum http_verdict verdict, const char *type,
                        const struct moment *moment, size_t length, char *out);

/* Writes the state of the service: 200 or 503, with the state and its reason as the content. out has room for
 * HTTP_READY_MAX. Returns the length. */
size_t http_reply_ready(const struct service_request *request, const struct state *state,
                        const struct moment *moment, char *out);

/* Writes a server error (5xx). out has room for HTTP_ERROR_MAX. Returns the length. */
size_t http_reply_fail(const struct service_request *request, enum http_verdict verdict,
                       const struct moment *moment, char *out);

/* Whether it is answered by http_reply_refuse(). */
static inline bool http_reply_is_refusal(const struct service_request *request)
{
    return request->kind != REQUEST_GOOD || request->verdict != HTTP_OK;
}

/* Writes the response to such a request. out has room for HTTP_ERROR_MAX. Returns the length; 0: send
 * nothing.
 */
size_t http_reply_refuse(const struct service_request *request, const struct moment *moment, char *out);

#endif
