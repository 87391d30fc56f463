/* SPDX-License-Identifier: MIT */
#include "service/template.h"

#include "base/escape.h"
#include "base/suggest.h"
#include "base/util.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LITERAL UINT_MAX

struct template_part {
    unsigned variable; /* its place in the list, or LITERAL */
    const char *text;  /* the literal, or the default of an empty variable */
    size_t length;
    size_t longest; /* of the variable's value */
};

struct compiler {
    const struct template_variables *variables;
    struct template *compiled;
    struct template_part *parts;
    char *bytes; /* literals and defaults, one after the other */
    size_t used;
    struct template_errors *errors;
    size_t omitted; /* errors for which there was no room */
};

static bool is_listed(const struct template_errors *errors, const char *text)
{
    for (size_t i = 0; i < errors->count; i++)
        if (strcmp(errors->list[i].text, text) == 0)
            return true;
    return false;
}

static int __attribute__((format(printf, 2, 3))) fail(struct compiler *c, const char *format, ...)
{
    struct template_errors *errors = c->errors;
    struct message error;
    va_list args;

    va_start(args, format);
    vsnprintf(error.text, sizeof(error.text), format, args);
    va_end(args);
    if (is_listed(errors, error.text))
        return -1;
    if (errors->count < TEMPLATE_ERRORS_MAX)
        errors->list[errors->count++] = error;
    else
        message_set(&errors->list[TEMPLATE_ERRORS_MAX - 1], "and %zu more mistakes", ++c->omitted + 1);
    return -1;
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
    struct template *compiled = c->compiled;
    struct template_part *last = compiled->part_count ? &c->parts[compiled->part_count - 1] : NULL;
    const char *stored = store(c, text, length);

    compiled->max_length += length;
    if (last && last->variable == LITERAL)
        last->length += length;
    else if (length)
        c->parts[compiled->part_count++] = (struct template_part){LITERAL, stored, length, 0};
}

static void put_variable(struct compiler *c, unsigned variable, const char *fallback, size_t length)
{
    struct template *compiled = c->compiled;
    size_t longest = c->variables->list[variable].longest;

    compiled->max_length += longest > length ? longest : length;
    compiled->uses |= 1u << variable;
    c->parts[compiled->part_count++] =
        (struct template_part){variable, store(c, fallback, length), length, longest};
}

static bool is_name(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(name, wanted, length) == 0;
}

/* The variable that may have been meant. */
static struct suggestion similar(const struct template_variables *variables, const char *name, size_t length)
{
    struct suggestion found = SUGGESTION_NONE;
    char written[48];

    if (length >= sizeof(written))
        return found;
    snprintf(written, sizeof(written), "%.*s", (int)length, name);
    for (unsigned i = 0; i < variables->count; i++)
        suggest_try(&found, written, variables->list[i].name, strlen(variables->list[i].name));
    return found;
}

static void refuse_unknown(struct compiler *c, const char *name, size_t length)
{
    struct suggestion meant = similar(c->variables, name, length);
    struct message allowed = {0};
    char shown[48];

    escape_bytes(shown, sizeof(shown), name, length);
    for (unsigned i = 0; i < c->variables->count; i++)
        message_add(&allowed, "%s%s", i ? ", " : "", c->variables->list[i].name);
    if (*meant.name)
        fail(c, "unknown variable ${%s}; did you mean ${%s}?", shown, meant.name);
    else
        fail(c, "unknown variable ${%s}; allowed: %s", shown, allowed.text);
}

static void put_named(struct compiler *c, const char *name, size_t length, const char *fallback,
                      size_t fallback_length)
{
    const char *known;
    unsigned i = 0;

    while (i < c->variables->count && !is_name(name, length, c->variables->list[i].name))
        i++;
    if (i == c->variables->count) {
        refuse_unknown(c, name, length);
        return;
    }
    known = c->variables->list[i].known;
    if (!known)
        put_variable(c, i, fallback, fallback_length);
    else if (*known)
        put_literal(c, known, strlen(known));
    else
        put_literal(c, fallback, fallback_length);
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
    if (c->compiled->max_length > TEMPLATE_MAX)
        fail(c, "can be %zu bytes long; allowed: at most %d", c->compiled->max_length, TEMPLATE_MAX);
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

static size_t longest_known(const struct template_variables *variables)
{
    size_t longest = 0;

    for (unsigned i = 0; i < variables->count; i++) {
        const char *known = variables->list[i].known;

        if (known && strlen(known) > longest)
            longest = strlen(known);
    }
    return longest;
}

static int make_room(struct compiler *c, struct arena *arena, const char *text, size_t length)
{
    size_t references = count_references(text, length);

    c->parts = arena_alloc(arena, (2 * references + 1) * sizeof(*c->parts));
    c->bytes = arena_alloc(arena, length + references * longest_known(c->variables) + 1);
    if (!c->parts || !c->bytes)
        return fail(c, TEMPLATE_NO_ROOM);
    return 0;
}

/* Literals that follow each other are one part. */
static void finish(struct compiler *c)
{
    struct template *compiled = c->compiled;

    compiled->parts = c->parts;
    compiled->prefix = c->bytes;
    if (compiled->part_count > 0 && c->parts[0].variable == LITERAL)
        compiled->prefix_length = c->parts[0].length;
}

int template_compile(struct arena *arena, const char *text, size_t length,
                     const struct template_variables *variables, struct template *compiled,
                     struct template_errors *errors)
{
    struct compiler c = {.variables = variables, .compiled = compiled, .errors = errors};

    *compiled = (struct template){0};
    errors->count = 0;
    if (length > TEMPLATE_MAX)
        return fail(&c, "is %zu bytes long; allowed: at most %d", length, TEMPLATE_MAX);
    if (make_room(&c, arena, text, length) < 0 || put_text(&c, text, length) < 0)
        return -1;
    finish(&c);
    return 0;
}

size_t template_render(const struct template *compiled, const char *const *values, char *out)
{
    char *at = out;

    for (size_t i = 0; i < compiled->part_count; i++) {
        const struct template_part *part = &compiled->parts[i];
        const char *value = part->variable == LITERAL ? NULL : values[part->variable];

        if (value && *value)
            at = mempcpy(at, value, strnlen(value, part->longest));
        else
            at = mempcpy(at, part->text, part->length);
    }
    return (size_t)(at - out);
}
