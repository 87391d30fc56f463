/* SPDX-License-Identifier: MIT */
#include "service/http_reply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
    unsigned status;
    const char *phrase, *advice;
} verdicts[HTTP_VERDICT_COUNT] = {
#define VERDICT_ROW(id, status, phrase, advice) [HTTP_##id] = {status, phrase, advice},
    HTTP_VERDICTS(VERDICT_ROW)
#undef VERDICT_ROW
};

#define POLICY                                                                                             \
    "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " \
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"

static const char *further_fields(enum http_verdict verdict, const char *type)
{
    if (strcmp(type, HTTP_PAGE) == 0)
        return POLICY;
    if (verdict == HTTP_BAD_METHOD)
        return "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    return verdict == HTTP_NOT_READING ? "Allow: GET, HEAD\r\n" : "";
}

/* Responses are not cached, and browsers must not treat one as another type. */
static int write_head(enum http_verdict verdict, const char *type, const struct moment *moment, size_t length,
                      char head[HTTP_HEAD_MAX])
{
    return snprintf(head, HTTP_HEAD_MAX,
                    "HTTP/1.1 %u %s\r\n"
                    "Date: %s\r\n"
                    "Content-Type: %s\r\n"
                    "Content-Length: %zu\r\n"
                    "Cache-Control: no-store\r\n"
                    "X-Content-Type-Options: nosniff\r\n"
                    "%s"
                    "Connection: close\r\n"
                    "\r\n",
                    verdicts[verdict].status, verdicts[verdict].phrase, moment->http_date, type, length,
                    further_fields(verdict, type));
}

size_t http_reply_write(const struct service_request *request, enum http_verdict verdict, const char *type,
                        const struct moment *moment, size_t length, char *out)
{
    char head[HTTP_HEAD_MAX];
    int written = write_head(verdict, type, moment, length, head);

    assert(written > 0 && written < HTTP_HEAD_MAX);
    if (request->is_head)
        length = 0;
    memmove(out + written, out + HTTP_HEAD_MAX, length);
    memcpy(out, head, (size_t)written);
    return (size_t)written + length;
}

size_t http_reply_ready(const struct service_request *request, const struct state *state,
                        const struct moment *moment, char *out)
{
    int length = snprintf(out + HTTP_HEAD_MAX, HTTP_READY_MAX - HTTP_HEAD_MAX, "%s%s%s\n",
                          state_name(state->word), state->reason[0] ? ": " : "", state->reason);

    return http_reply_write(request, state->word == STATE_READY ? HTTP_OK : HTTP_NOT_READY, HTTP_TEXT, moment,
                            (size_t)length, out);
}

static size_t copy(char *out, const void *bytes, size_t length)
{
    memcpy(out, bytes, length);
    return length;
}

/* Without an alert, TLS clients would wait for a handshake. */
static size_t refuse_tls(char *out)
{
    /* a fatal alert, protocol_version (RFC 8446, sections 5.1 and 6) */
    static const unsigned char alert[] = {0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46};

    return copy(out, alert, sizeof(alert));
}

static size_t refuse_http2(char *out)
{
    /* SETTINGS, which must be first, and GOAWAY with HTTP_1_1_REQUIRED (RFC 9113, sections 3.4, 6.5, 6.8, 7)
     */
    static const unsigned char frames[] = {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7,
                                           0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13};

    return copy(out, frames, sizeof(frames));
}

size_t http_reply_fail(const struct service_request *request, enum http_verdict verdict,
                       const struct moment *moment, char *out)
{
    int length = snprintf(out + HTTP_HEAD_MAX, HTTP_ERROR_MAX - HTTP_HEAD_MAX, "%u %s: %s\n",
                          verdicts[verdict].status, verdicts[verdict].phrase, verdicts[verdict].advice);

    return http_reply_write(request, verdict, HTTP_TEXT, moment, (size_t)length, out);
}

size_t http_reply_refuse(const struct service_request *request, const struct moment *moment, char *out)
{
    switch ((enum request_kind)request->kind) {
    case REQUEST_TLS:
        return refuse_tls(out);
    case REQUEST_HTTP2:
        return refuse_http2(out);
    case REQUEST_GOOD:
    case REQUEST_BAD:
        return http_reply_fail(request, request->verdict, moment, out);
    default:
        return 0;
    }
}
