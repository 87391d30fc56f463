/* SPDX-License-Identifier: MIT */
#include "service/format.h"

#include "base/escape.h"
#include "base/json_write.h"
#include "service/variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPED_MAX 4 /* bytes that a byte becomes in escape_bytes(), and a quote in the shell */

/* Variables that are written as numbers. */
#define NUMBERS                                                                                           \
    (VARIABLE_BIT(VARIABLE_CLIENT_PORT) | VARIABLE_BIT(VARIABLE_CLIENT_UID) |                             \
     VARIABLE_BIT(VARIABLE_CLIENT_GID) | VARIABLE_BIT(VARIABLE_CLIENT_PID) |                              \
     VARIABLE_BIT(VARIABLE_SERVER_PORT) | VARIABLE_BIT(VARIABLE_PROXY_PORT) |                             \
     VARIABLE_BIT(VARIABLE_ORIGINAL_PORT) | VARIABLE_BIT(VARIABLE_PID) | VARIABLE_BIT(VARIABLE_WORKER) |  \
     VARIABLE_BIT(VARIABLE_GENERATION) | VARIABLE_BIT(VARIABLE_UNIX) | VARIABLE_BIT(VARIABLE_UNIX_US) |   \
     VARIABLE_BIT(VARIABLE_UPTIME) | VARIABLE_BIT(VARIABLE_LOAD) | VARIABLE_BIT(VARIABLE_TTL) |           \
     VARIABLE_BIT(VARIABLE_HOPS) | VARIABLE_BIT(VARIABLE_DSCP) | VARIABLE_BIT(VARIABLE_MSS) |             \
     VARIABLE_BIT(VARIABLE_WINDOW_SCALE) | VARIABLE_BIT(VARIABLE_PATH_MTU) | VARIABLE_BIT(VARIABLE_RTT) | \
     VARIABLE_BIT(VARIABLE_WEIGHT) | VARIABLE_BIT(VARIABLE_CLIENT_CONNECTIONS) |                          \
     VARIABLE_BIT(VARIABLE_RECEIVED_BYTES) | VARIABLE_BIT(VARIABLE_QUEUE_TIME) |                          \
     VARIABLE_BIT(VARIABLE_CONNECTIONS) | VARIABLE_BIT(VARIABLE_GREETINGS_TOTAL))

/* Variables that are not listed: those that need an argument, and texts that would fill a datagram. */
#define NOT_LISTED                                                                            \
    (VARIABLE_BIT(VARIABLE_ENV) | VARIABLE_BIT(VARIABLE_FILE) | VARIABLE_BIT(VARIABLE_MOTD) | \
     VARIABLE_BIT(VARIABLE_QUOTE) | VARIABLE_BIT(VARIABLE_QUOTE_OF_THE_DAY))

/* The reference to a variable in a template; that to the time with milliseconds. */
static const char *reference(enum variable variable, const char *fallback, char *text, size_t size)
{
    snprintf(text, size, "${%s%s%s}", variables_name(variable), variable == VARIABLE_TIME ? ":ms" : "",
             fallback);
    return text;
}

static char *copy_without_newline(const char *greeting, size_t length)
{
    while (length > 0 && (greeting[length - 1] == '\n' || greeting[length - 1] == '\r'))
        length--;
    return strndup(greeting, length);
}

static void put_members(struct json *json, uint64_t left_out)
{
    char text[64];

    for (enum variable i = 0; i < VARIABLE_COUNT; i++) {
        if (left_out & VARIABLE_BIT(i))
            continue;
        if (NUMBERS & VARIABLE_BIT(i))
            json_write_verbatim(json, variables_name(i), reference(i, ":-null", text, sizeof(text)));
        else
            json_write_text(json, variables_name(i), reference(i, "", text, sizeof(text)));
    }
}

static char *wrap_json(const char *greeting, uint64_t left_out, size_t *length)
{
    struct json json;

    json_write_begin(&json);
    json_write_number(&json, "schema", FORMAT_SCHEMA);
    json_write_text(&json, "greeting", greeting);
    put_members(&json, left_out);
    return json_write_end(&json, length);
}

static char *quote_json(const char *value)
{
    struct json json = {.first = true};
    size_t length;
    char *text;

    json_write_text(&json, NULL, value);
    text = json_write_end(&json, &length);
    if (!text)
        return NULL;
    length -= strlen("\"\"}\n");
    memmove(text, text + 1, length);
    text[length] = '\0';
    return text;
}

/* Writes control characters as backslash escapes; a quote ends the quoted text and starts it again. */
static char *quote_shell(const char *value)
{
    size_t size = strlen(value) * ESCAPED_MAX + 1;
    char *escaped = malloc(size), *text = malloc(size * ESCAPED_MAX), *at = text;

    if (escaped && text) {
        escape_bytes(escaped, size, value, strlen(value));
        for (const char *from = escaped; *from; from++)
            at = *from == '\'' ? stpcpy(at, "'\\''") : (*at = *from, at + 1);
        *at = '\0';
    }
    free(escaped);
    return text;
}

static char *wrap_line(const char *greeting, uint64_t left_out, size_t *length)
{
    char *quoted = quote_shell(greeting), *text = NULL, one[64];
    FILE *out = quoted ? open_memstream(&text, length) : NULL;

    for (enum variable i = 0; out && i < VARIABLE_COUNT; i++) {
        const char *quote = NUMBERS & VARIABLE_BIT(i) ? "" : "'";

        if (!(left_out & VARIABLE_BIT(i)))
            fprintf(out, "%s=%s%s%s ", variables_name(i), quote, reference(i, "", one, sizeof(one)), quote);
    }
    if (out)
        fprintf(out, "greeting='%s'\n", quoted);
    free(quoted);
    if (out && fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

char *format_wrap(enum format format, const char *greeting, size_t length, uint64_t left_out, size_t *wrapped)
{
    char *plain = copy_without_newline(greeting, length), *text = NULL;

    if (plain)
        text = format == FORMAT_JSON ? wrap_json(plain, left_out | NOT_LISTED, wrapped)
                                     : wrap_line(plain, left_out | NOT_LISTED, wrapped);
    free(plain);
    return text;
}

char *format_value(enum format format, const char *value)
{
    if (format == FORMAT_TEXT)
        return strdup(value);
    return format == FORMAT_JSON ? quote_json(value) : quote_shell(value);
}
