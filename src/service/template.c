/* SPDX-License-Identifier: MIT */
#include "service/template.h"

#include "base/escape.h"
#include "base/suggest.h"
#include "base/util.h"
#include "service/template_part.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The text between the braces of ${...}. */
struct reference {
    const char *name, *argument, *fallback; /* argument is NULL if there is none */
    size_t name_length, argument_length, fallback_length;
    bool has_fallback;
};

/* A text is compiled twice: the first time to find all errors and the memory needed. */
struct compiler {
    const struct template_variables *variables;
    struct template *compiled;
    struct template_part *parts; /* NULL the first time */
    char *bytes; /* literals, arguments and defaults, one after another; NULL the first time */
    size_t used;
    bool is_open; /* the last part has no variable yet */
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
        message_set(&errors->list[TEMPLATE_ERRORS_MAX - 1], "and %zu more errors", ++c->omitted + 1);
    return -1;
}

static const char *store(struct compiler *c, const char *text, size_t length)
{
    char *at = c->bytes ? c->bytes + c->used : NULL;

    if (at)
        memcpy(at, text, length);
    c->used += length;
    return at;
}

/* Returns the part to add to; NULL the first time. */
static struct template_part *open_part(struct compiler *c)
{
    struct template *compiled = c->compiled;

    compiled->part_count += !c->is_open;
    if (c->parts && !c->is_open)
        c->parts[compiled->part_count - 1] = (struct template_part){.text = "", .variable = TEMPLATE_NONE};
    c->is_open = true;
    return c->parts ? &c->parts[compiled->part_count - 1] : NULL;
}

/* Joins literals that follow each other. */
static void put_literal(struct compiler *c, const char *text, size_t length)
{
    const char *stored = store(c, text, length);
    struct template_part *part = length ? open_part(c) : NULL;

    c->compiled->max_length += length;
    if (!part)
        return;
    if (!part->length)
        part->text = stored;
    part->length += length;
}

static const char *store_argument(struct compiler *c, const struct reference *reference)
{
    const char *stored = store(c, reference->argument, reference->argument_length);

    store(c, "", 1);
    return stored;
}

static void put_variable(struct compiler *c, unsigned variable, size_t longest,
                         const struct reference *reference)
{
    struct template *compiled = c->compiled;
    struct template_part *part = open_part(c);
    const char *argument = reference->argument ? store_argument(c, reference) : NULL;
    const char *fallback = store(c, reference->fallback, reference->fallback_length);
    size_t fallback_length = reference->fallback_length;

    c->is_open = false;
    compiled->max_length += longest > fallback_length ? longest : fallback_length;
    compiled->uses |= UINT64_C(1) << variable;
    if (!part)
        return;
    part->variable = variable;
    part->longest = longest;
    part->argument = argument;
    part->fallback = fallback;
    part->fallback_length = fallback_length;
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

/* Reports it as it was written, with its argument. */
static void refuse_unknown(struct compiler *c, const struct reference *reference)
{
    struct suggestion meant = similar(c->variables, reference->name, reference->name_length);
    size_t length = reference->argument
                        ? (size_t)(reference->argument - reference->name) + reference->argument_length
                        : reference->name_length;
    struct message allowed = {0};
    char shown[48];

    escape_bytes(shown, sizeof(shown), reference->name, length);
    for (unsigned i = 0; i < c->variables->count; i++)
        message_add(&allowed, "%s%s", i ? ", " : "", c->variables->list[i].name);
    if (*meant.name)
        fail(c, "unknown variable ${%s}; did you mean ${%s}?", shown, meant.name);
    else
        fail(c, "unknown variable ${%s}; allowed: %s", shown, allowed.text);
}

static void put_known(struct compiler *c, const char *known, const struct reference *reference)
{
    if (*known)
        put_literal(c, known, strlen(known));
    else
        put_literal(c, reference->fallback, reference->fallback_length);
}

/* Adds a variable with the value from resolve(). argument may be NULL. */
static void put_resolved(struct compiler *c, unsigned variable, const char *argument,
                         const struct reference *reference)
{
    size_t longest = c->variables->list[variable].longest;
    const char *known = NULL;
    struct message error;
    int result = c->variables->resolve(c->variables->context, variable, argument, &known, &longest, &error);

    if (result == -ENOENT && reference->has_fallback)
        put_literal(c, reference->fallback, reference->fallback_length);
    else if (result < 0)
        fail(c, "%s", error.text);
    else if (known)
        put_known(c, known, reference);
    else
        put_variable(c, variable, longest, reference);
}

/* Adds ${name:argument} of a variable that has an argument. */
static void put_with_argument(struct compiler *c, unsigned variable, const struct reference *reference)
{
    char argument[TEMPLATE_ARGUMENT_MAX + 1];

    if (reference->argument_length > TEMPLATE_ARGUMENT_MAX) {
        fail(c, "${%s:...} is too long; allowed: %d bytes after the colon", c->variables->list[variable].name,
             TEMPLATE_ARGUMENT_MAX);
        return;
    }
    *(char *)mempcpy(argument, reference->argument, reference->argument_length) = '\0';
    put_resolved(c, variable, argument, reference);
}

static void refuse_argument(struct compiler *c, const struct template_variable *variable)
{
    const char *name = variable->name, *argument = variable->argument_name;

    if (variable->argument == TEMPLATE_ARGUMENT_REQUIRED)
        fail(c, "${%s} needs an argument; allowed: ${%s:%s}", name, name, argument);
    else if (variable->argument == TEMPLATE_ARGUMENT_OPTIONAL)
        fail(c, "${%s:} has an empty argument; allowed: ${%s} and ${%s:%s}", name, name, name, argument);
    else
        fail(c, "${%s} does not take an argument; allowed: ${%s} and ${%s:-default}", name, name, name);
}

static bool fits(const struct template_variable *variable, const struct reference *reference)
{
    if (!reference->argument)
        return variable->argument != TEMPLATE_ARGUMENT_REQUIRED;
    return variable->argument != TEMPLATE_ARGUMENT_NONE && reference->argument_length > 0;
}

static void put_named(struct compiler *c, const struct reference *reference)
{
    const struct template_variables *variables = c->variables;
    const struct template_variable *named;
    unsigned i = 0;

    while (i < variables->count && !is_name(reference->name, reference->name_length, variables->list[i].name))
        i++;
    if (i == variables->count) {
        refuse_unknown(c, reference);
        return;
    }
    named = &variables->list[i];
    if (!fits(named, reference))
        refuse_argument(c, named);
    else if (reference->argument)
        put_with_argument(c, i, reference);
    else if (named->is_resolved)
        put_resolved(c, i, NULL, reference);
    else if (named->known)
        put_known(c, named->known, reference);
    else
        put_variable(c, i, named->longest, reference);
}

static struct reference parse(const char *inner, size_t length)
{
    const char *end = inner + length, *separator = memmem(inner, length, ":-", 2);
    const char *head_end = separator ? separator : end;
    const char *colon = memchr(inner, ':', (size_t)(head_end - inner));
    struct reference found = {.name = inner, .fallback = ""};

    if (separator) {
        found.has_fallback = true;
        found.fallback = separator + 2;
        found.fallback_length = (size_t)(end - found.fallback);
    }
    found.name_length = (size_t)((colon ? colon : head_end) - inner);
    if (colon) {
        found.argument = colon + 1;
        found.argument_length = (size_t)(head_end - found.argument);
    }
    return found;
}

/* Compiles the text between the braces of ${...}. */
static void put_reference(struct compiler *c, const char *inner, size_t length)
{
    struct reference reference;
    char shown[48];

    if (memchr(inner, '$', length)) {
        escape_bytes(shown, sizeof(shown), inner, length);
        fail(c, "a $ inside ${%s}; allowed: ${name} and ${name:-default} with a default that has no $ or }",
             shown);
        return;
    }
    reference = parse(inner, length);
    put_named(c, &reference);
}

/* Compiles one $$ or ${...} at dollar. Returns where the text continues, even after an error. */
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
        fail(c, "a ${ without a }; write $$ for a dollar, ${name} for a variable");
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

static int make_room(struct compiler *c, struct arena *arena)
{
    c->parts = arena_alloc(arena, (c->compiled->part_count + 1) * sizeof(*c->parts));
    c->bytes = arena_alloc(arena, c->used + 1);
    if (!c->parts || !c->bytes)
        return fail(c, TEMPLATE_NO_ROOM);
    *c->compiled = (struct template){0};
    c->used = 0;
    c->is_open = false;
    return 0;
}

static void finish(struct compiler *c)
{
    struct template *compiled = c->compiled;

    compiled->parts = c->parts;
    compiled->prefix = c->bytes;
    if (compiled->part_count > 0)
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
    if (put_text(&c, text, length) < 0 || make_room(&c, arena) < 0 || put_text(&c, text, length) < 0)
        return -1;
    finish(&c);
    return 0;
}

char *template_put_value(const struct template_part *part, template_value *value, const void *context,
                         char *at)
{
    size_t length = value(context, part->variable, part->argument, at, part->longest);

    return length ? at + length : mempcpy(at, part->fallback, part->fallback_length);
}

size_t template_render(const struct template *compiled, template_value *value, const void *context, char *out)
{
    const struct template_part *end = compiled->parts + compiled->part_count;
    char *at = out;

    for (const struct template_part *part = compiled->parts; part < end; part++) {
        at = mempcpy(at, part->text, part->length);
        if (part->variable == TEMPLATE_NONE)
            break;
        at = template_put_value(part, value, context, at);
    }
    return (size_t)(at - out);
}
