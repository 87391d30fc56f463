/* SPDX-License-Identifier: MIT */
#include "client/result.h"

#include "base/ascii.h"
#include "client/http_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t skip_digits(const char *bytes, size_t length, size_t from)
{
    while (from < length && ascii_is_digit(bytes[from]))
        from++;
    return from;
}

static bool same_but_for_numbers(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t i = 0, j = 0;

    while (i < a_length && j < b_length) {
        bool number = ascii_is_digit(a[i]) && ascii_is_digit(b[j]);

        if (!number && a[i] != b[j])
            return false;
        i = number ? skip_digits(a, a_length, i) : i + 1;
        j = number ? skip_digits(b, b_length, j) : j + 1;
    }
    return i == a_length && j == b_length;
}

/* Numbers are ignored, since a greeting may contain the time or the client's port. */
static bool greeting_changed(struct result_memory *memory, const struct result *result)
{
    char *copy;

    if (memory->greeting &&
        same_but_for_numbers(memory->greeting, memory->length, result->greeting, result->length))
        return false;
    copy = malloc(result->length + 1);
    if (!copy)
        return true;
    memcpy(copy, result->greeting, result->length);
    free(memory->greeting);
    memory->greeting = copy;
    memory->length = result->length;
    return true;
}

static bool who_changed(struct result_memory *memory, const struct result *result)
{
    bool changed = memory->greeting && strcmp(memory->who, result->who) != 0;

    snprintf(memory->who, sizeof(memory->who), "%s", result->who);
    return changed;
}

static bool address_changed(struct result_memory *memory, const struct address *peer)
{
    bool changed = memory->peer.length > 0 && !address_equal(&memory->peer, peer);

    memory->peer = *peer;
    return changed;
}

/* A pattern is searched for in the greeting, and then in the whole answer. */
static void name_server(struct result *result, const struct result_memory *memory,
                        const struct pattern *pattern)
{
    if (!who_name(result->who, pattern, &memory->fields, result->greeting, result->length))
        who_name(result->who, pattern, &memory->fields, result->answer, result->answer_length);
}

static bool is_expected(const struct result *result, const struct expect *expect, struct message *why)
{
    struct message other;

    return expect_met(expect, result->greeting, result->length, why) ||
           expect_met(expect, result->answer, result->answer_length, &other);
}

static void read_answer(struct result *result, struct result_memory *memory,
                        const struct result_settings *settings)
{
    answer_fields_free(&memory->fields);
    answer_fields_read(&memory->fields, result->answer, result->answer_length);
    result->greeting = memory->fields.greeting ? memory->fields.greeting : result->answer;
    result->length = memory->fields.greeting ? strlen(memory->fields.greeting) : result->answer_length;
    name_server(result, memory, settings->who);
    result->who_changed = who_changed(memory, result);
    result->greeting_changed = greeting_changed(memory, result);
}

static void set_unexpected(struct result *result, const char *why)
{
    result->outcome = OUTCOME_UNEXPECTED;
    snprintf(result->text, sizeof(result->text), "%.*s", ATTEMPT_ERROR_MAX - 1, why);
}

static void judge_answer(struct result *result, struct result_memory *memory,
                         const struct result_settings *settings, const struct attempt *attempt)
{
    struct message why = {""};

    result->address_changed = address_changed(memory, &attempt->peer);
    if (attempt->first_ns == 0) /* connected only (-z) */
        return;
    result->answer = attempt->greeting ? attempt->greeting : "";
    result->answer_length = attempt->length;
    if (settings->http && !http_answer_body(&result->answer, &result->answer_length, &why))
        set_unexpected(result, why.text);
    read_answer(result, memory, settings);
    if (result->outcome == OUTCOME_ANSWERED && settings->expect &&
        !is_expected(result, settings->expect, &why))
        set_unexpected(result, why.text);
}

void result_judge(struct result *result, struct result_memory *memory, const struct result_settings *settings,
                  const struct request *request)
{
    *result = (struct result){.outcome = request->outcome};
    snprintf(result->text, sizeof(result->text), "%s", request->text);
    if (request->outcome == OUTCOME_ANSWERED)
        judge_answer(result, memory, settings, request->decisive);
}

void result_memory_free(struct result_memory *memory)
{
    answer_fields_free(&memory->fields);
    free(memory->greeting);
    *memory = (struct result_memory){0};
}
