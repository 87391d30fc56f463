/* SPDX-License-Identifier: MIT */
#include "service/http_request.h"

#include "base/ascii.h"
#include "service/http_accept.h"

#include <string.h>

#define TLS_HANDSHAKE 0x16 /* the first byte of a TLS connection (RFC 8446, section 5.1) */

/* The bytes from at to before end. */
struct span {
    const char *at, *end;
};

static size_t length_of(struct span span)
{
    return (size_t)(span.end - span.at);
}

static bool is_text(struct span span, const char *text)
{
    return length_of(span) == strlen(text) && memcmp(span.at, text, length_of(span)) == 0;
}

static bool is_name(struct span span, const char *name)
{
    return length_of(span) == strlen(name) && ascii_same(span.at, name, length_of(span));
}

/* tchar (RFC 9110, section 5.6.2) */
static bool is_token(char byte)
{
    return ascii_is_letter(byte) || ascii_is_digit(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

/* --- Beginning and end --- */

/* Lines end in CRLF, or LF alone (RFC 9112, section 2.2). Returns false if there is no line end. */
static bool take_line(struct span *rest, struct span *line)
{
    const char *end = memchr(rest->at, '\n', length_of(*rest));

    if (!end)
        return false;
    *line = (struct span){rest->at, end > rest->at && end[-1] == '\r' ? end - 1 : end};
    rest->at = end + 1;
    return true;
}

/* Empty lines before a request are ignored (RFC 9112, section 2.2). */
static void skip_empty_lines(struct span *rest)
{
    while (rest->at < rest->end && (*rest->at == '\r' || *rest->at == '\n'))
        rest->at++;
}

static bool has_empty_line(struct span rest)
{
    struct span line;

    while (take_line(&rest, &line))
        if (length_of(line) == 0)
            return true;
    return false;
}

static bool begins_with_preface(struct span all)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n"; /* RFC 9113, section 3.4 */

    return length_of(all) >= strlen(preface) && memcmp(all.at, preface, strlen(preface)) == 0;
}

static enum http_verdict judge_part(struct span part, enum request_input input)
{
    if (input == REQUEST_LATE)
        return HTTP_LATE;
    if (input == REQUEST_ENDED)
        return HTTP_CUT;
    return memchr(part.at, '\n', length_of(part)) ? HTTP_LONG_FIELDS : HTTP_LONG_LINE;
}

/* --- The request line (RFC 9112, section 3) --- */

/* Takes the word before the next space, and skips the space. */
static bool take_word(struct span *line, struct span *word)
{
    const char *space = memchr(line->at, ' ', length_of(*line));

    if (!space || space == line->at)
        return false;
    *word = (struct span){line->at, space};
    line->at = space + 1;
    return true;
}

static bool is_all(struct span span, bool (*is)(char))
{
    for (const char *at = span.at; at < span.end; at++)
        if (!is(*at))
            return false;
    return true;
}

static bool is_visible(char byte)
{
    return byte > 0x20 && byte < 0x7f;
}

static enum http_verdict read_method(struct span method, struct http_request *request)
{
    static const char *const answered[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

    request->is_get = is_text(method, "GET");
    request->is_head = is_text(method, "HEAD");
    for (size_t i = 0; i < sizeof(answered) / sizeof(answered[0]); i++)
        if (is_text(method, answered[i]))
            return HTTP_OK;
    return is_text(method, "CONNECT") || is_text(method, "TRACE") ? HTTP_BAD_METHOD : HTTP_UNKNOWN_METHOD;
}

/* The path of an absolute target, as sent to proxies. */
static struct span after_authority(struct span target)
{
    static const char *const schemes[] = {"http://", "https://"};
    struct span rest = target;

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t length = strlen(schemes[i]);

        if (length_of(target) < length || !ascii_same(target.at, schemes[i], length))
            continue;
        rest.at = target.at + length;
        while (rest.at < rest.end && !strchr("/?#", *rest.at))
            rest.at++;
    }
    return rest;
}

static enum http_verdict read_target(struct span target, struct span method, struct http_request *request)
{
    struct span path = after_authority(target);
    const char *end = path.at;

    if (is_text(target, "*"))
        return is_text(method, "OPTIONS") ? HTTP_OK : HTTP_BAD_LINE;
    if (path.at == target.at && *path.at != '/')
        return HTTP_BAD_LINE;
    while (end < path.end && *end != '?' && *end != '#')
        end++;
    request->path = path.at;
    request->path_length = (size_t)(end - path.at);
    return HTTP_OK;
}

/* minor: of HTTP/1.minor. */
static enum http_verdict read_version(struct span version, int *minor)
{
    static const char form[] = "HTTP/d.d";

    if (length_of(version) != strlen(form) || memcmp(version.at, form, strlen("HTTP/")) != 0 ||
        !ascii_is_digit(version.at[5]) || version.at[6] != '.' || !ascii_is_digit(version.at[7]))
        return HTTP_BAD_LINE;
    *minor = version.at[7] - '0';
    return version.at[5] == '1' ? HTTP_OK : HTTP_BAD_VERSION;
}

static enum http_verdict read_line(struct span line, struct http_request *request, int *minor)
{
    struct span method, target;
    enum http_verdict verdict;

    if (!take_word(&line, &method) || !take_word(&line, &target) || !is_all(method, is_token) ||
        !is_all(target, is_visible))
        return HTTP_BAD_LINE;
    verdict = read_version(line, minor);
    if (verdict == HTTP_OK)
        verdict = read_method(method, request);
    return verdict == HTTP_OK ? read_target(target, method, request) : verdict;
}

/* --- The fields (RFC 9112, section 5) --- */

struct fields {
    unsigned hosts;
    bool has_length, is_chunked;
    size_t length; /* of the content; at most HTTP_CONTENT_MAX + 1 */
    struct http_accept accept;
};

static bool is_value(char byte)
{
    return byte == '\t' || (unsigned char)byte >= 0x80 || (byte >= 0x20 && byte < 0x7f);
}

static bool is_of_host(char byte)
{
    return ascii_is_letter(byte) || ascii_is_digit(byte) || (byte && strchr("-._~%!$&'()*+,;=:[]", byte));
}

static struct span trimmed(struct span value)
{
    while (value.at < value.end && (*value.at == ' ' || *value.at == '\t'))
        value.at++;
    while (value.end > value.at && (value.end[-1] == ' ' || value.end[-1] == '\t'))
        value.end--;
    return value;
}

static enum http_verdict read_length(struct span value, struct fields *fields)
{
    size_t length = 0;

    if (length_of(value) == 0)
        return HTTP_BAD_LENGTH;
    for (const char *at = value.at; at < value.end; at++) {
        if (!ascii_is_digit(*at))
            return HTTP_BAD_LENGTH;
        length = length * 10 + (size_t)(*at - '0');
        if (length > HTTP_CONTENT_MAX)
            length = HTTP_CONTENT_MAX + 1;
    }
    if (fields->has_length && fields->length != length)
        return HTTP_BAD_LENGTH;
    fields->has_length = true;
    fields->length = length;
    return HTTP_OK;
}

static enum http_verdict read_field(struct span line, struct fields *fields)
{
    const char *colon = memchr(line.at, ':', length_of(line));
    struct span name = {line.at, colon}, value;

    if (!colon || colon == line.at || !is_all(name, is_token))
        return HTTP_BAD_FIELD;
    value = trimmed((struct span){colon + 1, line.end});
    if (!is_all(value, is_value))
        return HTTP_BAD_FIELD;
    if (is_name(name, "Host")) {
        fields->hosts++;
        return is_all(value, is_of_host) ? HTTP_OK : HTTP_BAD_HOST;
    }
    if (is_name(name, "Content-Length"))
        return read_length(value, fields);
    if (is_name(name, "Transfer-Encoding"))
        fields->is_chunked = true;
    else if (is_name(name, "Accept"))
        http_accept_read(&fields->accept, value.at, length_of(value));
    return HTTP_OK;
}

/* A request with both kinds of length may be an attempt at request smuggling (RFC 9112, section 6.1). */
static enum http_verdict judge_fields(const struct fields *fields, int minor)
{
    if (fields->hosts > 1 || (fields->hosts == 0 && minor > 0))
        return HTTP_BAD_HOST;
    if (fields->is_chunked && (fields->has_length || minor == 0))
        return HTTP_BAD_LENGTH;
    return fields->has_length && fields->length > HTTP_CONTENT_MAX ? HTTP_TOO_LARGE : HTTP_OK;
}

static enum http_verdict read_whole(struct span rest, struct http_request *request)
{
    struct fields fields = {0};
    struct span line;
    enum http_verdict verdict;
    int minor = 0;

    take_line(&rest, &line);
    verdict = read_line(line, request, &minor);
    while (verdict == HTTP_OK && take_line(&rest, &line) && length_of(line) > 0)
        verdict = read_field(line, &fields);
    if (verdict == HTTP_OK)
        verdict = judge_fields(&fields, minor);
    request->prefers_json = http_accept_prefers_json(&fields.accept);
    request->prefers_openmetrics = http_accept_prefers_openmetrics(&fields.accept);
    return verdict;
}

enum request_kind http_request_read(const char *bytes, size_t length, enum request_input input,
                                    struct http_request *request)
{
    struct span rest = {bytes, bytes + length};

    *request = (struct http_request){.path = ""};
    if (length && bytes[0] == TLS_HANDSHAKE)
        return REQUEST_TLS;
    if (begins_with_preface(rest))
        return REQUEST_HTTP2;
    skip_empty_lines(&rest);
    if (length_of(rest) == 0 && input != REQUEST_FULL)
        return input == REQUEST_OPEN ? REQUEST_PART : REQUEST_NONE;
    if (length_of(rest) && !is_token(*rest.at))
        request->verdict = HTTP_BAD_LINE;
    else if (has_empty_line(rest))
        request->verdict = read_whole(rest, request);
    else if (input == REQUEST_OPEN)
        return REQUEST_PART;
    else
        request->verdict = judge_part(rest, input);
    return request->verdict == HTTP_OK ? REQUEST_GOOD : REQUEST_BAD;
}

bool http_request_is_for(const struct http_request *request, const char *path)
{
    return request->path_length == strlen(path) && memcmp(request->path, path, request->path_length) == 0;
}
