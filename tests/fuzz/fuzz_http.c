/* SPDX-License-Identifier: MIT */
/* An HTTP request. However it is cut into pieces it is read as the same, whatever ends it there is an answer,
 * and every answer is one. */
#include "fuzz.h"
#include "service/http_reply.h"
#include "service/http_request.h"

/* Bytes that are cut off lie behind the end of what was allocated, so that a sanitizer sees them read. */
static enum request_kind read_copy(const uint8_t *data, size_t length, enum request_input input,
                                   struct http_request *request)
{
    char *copy = malloc(length ? length : 1);
    enum request_kind kind;

    FUZZ_CHECK(copy);
    memcpy(copy, data, length);
    kind = http_request_read(copy, length, input, request);
    FUZZ_CHECK(request->path_length == 0 ||
               (request->path >= copy && request->path + request->path_length <= copy + length));
    free(copy);
    return kind;
}

static void check_answer(enum request_kind kind, const struct http_request *request)
{
    const struct service_request asked = {.kind = (uint8_t)kind, .verdict = (uint8_t)request->verdict};
    static char out[HTTP_ERROR_MAX];
    struct moment moment = {.http_date = ""};
    size_t length = http_reply_refuse(&asked, &moment, out);

    FUZZ_CHECK((length == 0) == (kind == REQUEST_NONE) && length <= sizeof(out));
    FUZZ_CHECK(kind != REQUEST_BAD || memcmp(out, "HTTP/1.1 ", 9) == 0);
}

/* What is whole before its last byte has come is the same with all that follows. */
static void check_pieces(const uint8_t *data, size_t size, enum request_kind whole,
                         const struct http_request *request)
{
    size_t step = 1 + size / 64;
    struct http_request part;

    for (size_t length = 0; length < size; length += step) {
        enum request_kind kind = read_copy(data, length, REQUEST_OPEN, &part);

        FUZZ_CHECK(kind == REQUEST_PART || (kind == whole && part.verdict == request->verdict));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum request_input ends[] = {REQUEST_ENDED, REQUEST_LATE, REQUEST_FULL};
    struct http_request request;
    enum request_kind kind = read_copy(data, size, REQUEST_OPEN, &request);

    FUZZ_CHECK(kind != REQUEST_NONE);
    FUZZ_CHECK(kind != REQUEST_GOOD || request.verdict == HTTP_OK);
    FUZZ_CHECK(kind != REQUEST_BAD || request.verdict != HTTP_OK);
    if (kind != REQUEST_PART)
        check_pieces(data, size, kind, &request);
    if (kind != REQUEST_PART && kind != REQUEST_GOOD)
        check_answer(kind, &request);
    for (size_t i = 0; kind == REQUEST_PART && i < sizeof(ends) / sizeof(ends[0]); i++) {
        enum request_kind ended = read_copy(data, size, ends[i], &request);

        FUZZ_CHECK(ended == REQUEST_BAD || ended == REQUEST_NONE);
        check_answer(ended, &request);
    }
    return 0;
}
