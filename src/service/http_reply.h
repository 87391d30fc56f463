/* SPDX-License-Identifier: MIT */
/* http_reply: writes answers to HTTP requests (RFC 9110, RFC 9112), and to those of other protocols. */
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

/* A page that is told what a browser may do with it: to load nothing but from here, and not to be put into
 * another (Content Security Policy Level 3). */
#define HTTP_PAGE "text/html; charset=utf-8"

/* Writes an answer whose content of length bytes lies HTTP_HEAD_MAX behind out. moment: now, to the second.
 * Returns the length of the whole. */
size_t http_reply_write(const struct service_request *request, enum http_verdict verdict, const char *type,
                        const struct moment *moment, size_t length, char *out);

/* Writes whether the service wants clients: 200 or 503, with the state's word and reason as the content. out
 * has room for HTTP_READY_MAX. Returns the length. */
size_t http_reply_ready(const struct service_request *request, const struct state *state,
                        const struct moment *moment, char *out);

/* Writes an error that is not the client's. out has room for HTTP_ERROR_MAX. Returns the length. */
size_t http_reply_fail(const struct service_request *request, enum http_verdict verdict,
                       const struct moment *moment, char *out);

/* Whether it is answered by http_reply_refuse(). */
static inline bool http_reply_is_refusal(const struct service_request *request)
{
    return request->kind != REQUEST_GOOD || request->verdict != HTTP_OK;
}

/* Writes the answer to such a request; out has room for
 * HTTP_ERROR_MAX. Returns the length; 0 if there is nothing to say. */
size_t http_reply_refuse(const struct service_request *request, const struct moment *moment, char *out);

#endif
