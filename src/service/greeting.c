/* SPDX-License-Identifier: MIT */
#include "service/greeting.h"

#include "base/address.h"
#include "base/escape.h"
#include "base/suggest.h"
#include "base/util.h"

#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define IP_TEXT_MAX (INET6_ADDRSTRLEN - 1 + 1 + IFNAMSIZ - 1) /* "address%interface" */

static const char *const variable_names[GREETING_VARIABLES] = {
    [GREETING_CLIENT_ADDRESS] = "client_address",
    [GREETING_CLIENT_PORT] = "client_port",
    [GREETING_SERVER_ADDRESS] = "server_address",
    [GREETING_SERVER_PORT] = "server_port",
    [GREETING_PID] = "pid",
    [GREETING_TIME] = "time",
};

static const char *const known_names[] = {"hostname",       "listener",    "transport",
                                          "client_address", "client_port", "server_address",
                                          "server_port",    "pid",         "time"};

struct compiler {
    const struct greeting_constants *constants;
    struct greeting *greeting;
    struct greeting_part *parts;
    char *bytes; /* literals and defaults, one after the other */
    size_t used;
    struct greeting_errors *errors;
    size_t omitted; /* errors for which there was no room */
};

static bool is_listed(const struct greeting_errors *errors, const char *text)
{
    for (size_t i = 0; i < errors->count; i++)
        if (strcmp(errors->list[i].text, text) == 0)
            return true;
    return false;
}

static int __attribute__((format(printf, 2, 3))) fail(struct compiler *c, const char *format, ...)
{
    struct greeting_errors *errors = c->errors;
    struct message error;
    va_list args;

    va_start(args, format);
    vsnprintf(error.text, sizeof(error.text), format, args);
    va_end(args);
    if (is_listed(errors, error.text))
        return -1;
    if (errors->count < GREETING_ERRORS_MAX)
        errors->list[errors->count++] = error;
    else
        message_set(&errors->list[GREETING_ERRORS_MAX - 1], "and %zu more mistakes", ++c->omitted + 1);
    return -1;
}

static size_t value_max(const struct greeting *greeting, enum greeting_variable variable)
{
    switch (variable) {
    case GREETING_CLIENT_ADDRESS:
        return greeting->is_unix ? strlen("uid 4294967295") : IP_TEXT_MAX;
    case GREETING_SERVER_ADDRESS:
        return greeting->is_unix ? sizeof(((struct sockaddr_un *)0)->sun_path) : IP_TEXT_MAX;
    case GREETING_CLIENT_PORT:
    case GREETING_SERVER_PORT:
        return strlen("65535");
    case GREETING_PID:
        return strlen("2147483647");
    case GREETING_TIME:
        return GREETING_TIME_MAX;
    case GREETING_LITERAL:
        break;
    }
    return 0;
}

static const char *store(struct compiler *c, const char *text, size_t length)
{
    char *at = c->bytes + c->used;

    memcpy(at, text, length);
    c->used += length;
    return at;
}

static void put_literal(struct compiler *c, const char *text, size_t length)
{
    struct greeting *greeting = c->greeting;
    struct greeting_part *last = greeting->part_count ? &c->parts[greeting->part_count - 1] : NULL;
    const char *stored = store(c, text, length);

    greeting->max_length += length;
    if (last && last->variable == GREETING_LITERAL)
        last->length += length;
    else if (length)
        c->parts[greeting->part_count++] = (struct greeting_part){GREETING_LITERAL, stored, length};
}

static void put_variable(struct compiler *c, enum greeting_variable variable, const char *fallback,
                         size_t length)
{
    struct greeting *greeting = c->greeting;
    size_t max = value_max(greeting, variable);

    greeting->max_length += max > length ? max : length;
    greeting->uses |= 1u << variable;
    c->parts[greeting->part_count++] = (struct greeting_part){variable, store(c, fallback, length), length};
}

static bool is_name(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(name, wanted, length) == 0;
}

static const char *constant(const struct greeting_constants *constants, const char *name, size_t length)
{
    if (is_name(name, length, "hostname"))
        return constants->hostname;
    if (is_name(name, length, "listener"))
        return constants->listener;
    if (is_name(name, length, "transport"))
        return constants->transport;
    return NULL;
}

/* The variable that may have been meant, or NULL. */
static const char *similar(const char *name, size_t length)
{
    unsigned least = SUGGEST_MAX + 1;
    const char *found = NULL;
    char written[48];

    if (length >= sizeof(written))
        return NULL;
    snprintf(written, sizeof(written), "%.*s", (int)length, name);
    for (size_t i = 0; i < ARRAY_SIZE(known_names); i++) {
        unsigned distance = suggest_distance(written, known_names[i]);

        if (distance < least) {
            least = distance;
            found = known_names[i];
        }
    }
    return found;
}

static void refuse_unknown(struct compiler *c, const char *name, size_t length)
{
    const char *meant = similar(name, length);
    struct message allowed = {0};
    char shown[48];

    escape_bytes(shown, sizeof(shown), name, length);
    for (size_t i = 0; i < ARRAY_SIZE(known_names); i++)
        message_add(&allowed, "%s%s", i ? ", " : "", known_names[i]);
    if (meant)
        fail(c, "unknown variable ${%s}; did you mean ${%s}?", shown, meant);
    else
        fail(c, "unknown variable ${%s}; allowed: %s", shown, allowed.text);
}

static void put_named(struct compiler *c, const char *name, size_t length, const char *fallback,
                      size_t fallback_length)
{
    const char *known = constant(c->constants, name, length);

    if (known) {
        if (*known)
            put_literal(c, known, strlen(known));
        else
            put_literal(c, fallback, fallback_length);
        return;
    }
    for (int i = 0; i < GREETING_VARIABLES; i++)
        if (is_name(name, length, variable_names[i])) {
            put_variable(c, (enum greeting_variable)i, fallback, fallback_length);
            return;
        }
    refuse_unknown(c, name, length);
}

/* Compiles what stands between the braces of ${...}. */
static void put_reference(struct compiler *c, const char *inner, size_t length)
{
    const char *separator = memmem(inner, length, ":-", 2);
    const char *end = inner + length;
    char shown[48];

    if (memchr(inner, '$', length)) {
        escape_bytes(shown, sizeof(shown), inner, length);
        fail(c, "a $ inside ${%s}; allowed: ${name} and ${name:-default} with a default that has no $ or }",
             shown);
    } else if (!separator)
        put_named(c, inner, length, "", 0);
    else
        put_named(c, inner, (size_t)(separator - inner), separator + 2, (size_t)(end - separator - 2));
}

/* Compiles one $$ or ${...} at dollar. Returns where the text goes on, also after an error. */
static const char *put_dollar(struct compiler *c, const char *text, const char *dollar, const char *end)
{
    const char *close;

    if (end - dollar >= 2 && dollar[1] == '$') {
        put_literal(c, "$", 1);
        return dollar + 2;
    }
    if (end - dollar < 2 || dollar[1] != '{') {
        fail(c, "a lone $ at byte %td; write $$ for a dollar, ${name} for a variable", dollar - text + 1);
        return dollar + 1;
    }
    close = memchr(dollar, '}', (size_t)(end - dollar));
    if (!close) {
        fail(c, "a ${ without its }; write $$ for a dollar, ${name} for a variable");
        return end;
    }
    put_reference(c, dollar + 2, (size_t)(close - dollar - 2));
    return close + 1;
}

static int put_text(struct compiler *c, const char *text, size_t length)
{
    const char *end = text + length;

    for (const char *at = text; at < end;) {
        const char *dollar = memchr(at, '$', (size_t)(end - at));

        put_literal(c, at, (size_t)((dollar ? dollar : end) - at));
        at = dollar ? put_dollar(c, text, dollar, end) : end;
    }
    if (c->greeting->max_length > GREETING_MAX)
        fail(c, "can be %zu bytes long; allowed: at most %d", c->greeting->max_length, GREETING_MAX);
    return c->errors->count ? -1 : 0;
}

static size_t count_references(const char *text, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i + 1 < length; i++)
        if (text[i] == '$' && text[i + 1] == '{')
            count++;
    return count;
}

static size_t longest_constant(const struct greeting_constants *constants)
{
    size_t hostname = strlen(constants->hostname);
    size_t listener = strlen(constants->listener);
    size_t transport = strlen(constants->transport);
    size_t longest = hostname > listener ? hostname : listener;

    return longest > transport ? longest : transport;
}

static int make_room(struct compiler *c, struct arena *arena, const char *text, size_t length)
{
    size_t references = count_references(text, length);

    c->greeting = arena_alloc(arena, sizeof(*c->greeting));
    c->parts = arena_alloc(arena, (2 * references + 1) * sizeof(*c->parts));
    c->bytes = arena_alloc(arena, length + references * longest_constant(c->constants) + 1);
    if (!c->greeting || !c->parts || !c->bytes)
        return fail(c, "does not fit into the memory for the configuration");
    return 0;
}

int greeting_compile(struct arena *arena, const char *text, size_t length,
                     const struct greeting_constants *constants, const struct greeting **greeting,
                     struct greeting_errors *errors)
{
    struct compiler c = {.constants = constants, .errors = errors};

    errors->count = 0;
    if (length > GREETING_MAX)
        return fail(&c, "is %zu bytes long; allowed: at most %d", length, GREETING_MAX);
    if (make_room(&c, arena, text, length) < 0)
        return -1;
    c.greeting->is_unix = strncmp(constants->transport, "unix", 4) == 0;
    if (put_text(&c, text, length) < 0)
        return -1;
    c.greeting->parts = c.parts;
    c.greeting->is_static = c.greeting->uses == 0;
    if (c.greeting->is_static) {
        c.greeting->bytes = c.bytes;
        c.greeting->length = c.used;
    }
    *greeting = c.greeting;
    return 0;
}

size_t greeting_render(const struct greeting *greeting, const struct greeting_values *values, char *out)
{
    char *at = out;

    for (size_t i = 0; i < greeting->part_count; i++) {
        const struct greeting_part *part = &greeting->parts[i];
        const char *text = part->text;
        size_t length = part->length;

        if (part->variable != GREETING_LITERAL) {
            const char *value = values->value[part->variable];

            if (value && *value) {
                text = value;
                length = strnlen(value, value_max(greeting, part->variable));
            }
        }
        at = mempcpy(at, text, length);
    }
    return (size_t)(at - out);
}
