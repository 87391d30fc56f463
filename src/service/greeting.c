/* SPDX-License-Identifier: MIT */
#include "service/greeting.h"

#include "base/escape.h"
#include "base/util.h"
#include "service/dates.h"
#include "service/folding.h"
#include "service/needs.h"
#include "service/values.h"
#include "service/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOTD "/etc/motd"

struct greeting {
    struct plan plan;
    struct template template;
    const struct quotes *quotes; /* NULL: it uses none */
};

/* The context for writing an answer with quotes. */
struct telling {
    const struct occasion *occasion;
    const struct quotes *quotes;
};

/* The state of compiling a greeting. Known values are stored escaped for the format. */
struct compilation {
    struct arena *arena;
    const struct site *site;
    const struct host *host;
    enum format format;
    struct template_variable list[VARIABLE_COUNT];
    bool is_exact; /* the greeting has a time with more precision than a second */
};

#define QUOTED (VARIABLE_BIT(VARIABLE_QUOTE) | VARIABLE_BIT(VARIABLE_QUOTE_OF_THE_DAY))

_Static_assert(VARIABLE_COUNT <= TEMPLATE_VARIABLES_MAX, "a bit for each variable");

/* Unix stream sockets have them, too, through a proxy. */
static bool has_ip_clients(const struct site *site)
{
    return site->transport != TRANSPORT_UNIX_DGRAM;
}

static const char *argument_name(enum variable variable)
{
    switch (variable) {
    case VARIABLE_ENV:
        return "NAME";
    case VARIABLE_FILE:
        return "PATH";
    case VARIABLE_TIME:
        return "FORMAT";
    default:
        return NULL;
    }
}

/* Variables that may have no value. */
static bool is_resolved(enum variable variable)
{
    return variable == VARIABLE_MOTD || (QUOTED & VARIABLE_BIT(variable));
}

/* Returns NULL without memory. */
static const char *in_format(const struct compilation *c, const char *value)
{
    char *formatted = c->format == FORMAT_TEXT ? NULL : format_value(c->format, value);
    const char *kept = formatted ? arena_copy(c->arena, formatted, strlen(formatted)) : NULL;

    free(formatted);
    return c->format == FORMAT_TEXT ? value : kept;
}

/* A datagram is small, so variables that are always empty are left out of it. */
static uint64_t left_out(const struct site *site)
{
    return transport_is_stream(site->transport) ? 0 : needs_never(site);
}

/* The value that is known when the configuration is loaded; NULL: none. The address of a Unix listener is its
 * path. */
static const char *known_value(const struct compilation *c, enum variable variable)
{
    const struct host *host = c->host;
    const struct site *site = c->site;
    bool is_known = site->transport != TRANSPORT_COUNT;
    const char *transport = is_known ? transport_name(site->transport) : NULL;
    const char *proxied = is_known && !site->has_proxies ? "no" : NULL;
    const char *const known[VARIABLE_COUNT] = {[VARIABLE_HOSTNAME] = host->hostname,
                                               [VARIABLE_INSTANCE] = host->instance,
                                               [VARIABLE_VERSION] = PACKAGE_VERSION,
                                               [VARIABLE_OS] = host->os,
                                               [VARIABLE_KERNEL] = host->kernel,
                                               [VARIABLE_BOOT_ID] = host->boot_id,
                                               [VARIABLE_LISTENER] = site->listener,
                                               [VARIABLE_TRANSPORT] = transport,
                                               [VARIABLE_SERVER_ADDRESS] = site->path,
                                               [VARIABLE_SERVER_PORT] = site->path ? "" : NULL,
                                               [VARIABLE_PROXIED] = proxied};

    if (needs_never(site) & VARIABLE_BIT(variable))
        return "";
    return known[variable] || !variables_known_at_load(variable) ? known[variable] : "";
}

static bool list_variables(struct compilation *c)
{
    for (enum variable i = 0; i < VARIABLE_COUNT; i++) {
        const char *known = known_value(c, i);

        c->list[i] = (struct template_variable){
            .name = variables_name(i),
            .known = known ? in_format(c, known) : NULL,
            .longest = variables_longest(i, has_ip_clients(c->site), transport_is_unix(c->site->transport)),
            .is_resolved = is_resolved(i),
            .argument = variables_argument(i),
            .argument_name = argument_name(i)};
        if (known && !c->list[i].known)
            return false;
    }
    return true;
}

static int refuse_environment(const struct host *host, const char *name, struct message *error)
{
    char shown[48];

    escape_bytes(shown, sizeof(shown), name, strlen(name));
    message_set(error, "${env:%s} cannot be used; allowed: the names in the setting environment", shown);
    for (size_t i = 0; i < host->environment_count; i++)
        message_add(error, "%s%s", i ? ", " : ": ", host->environment[i]);
    if (!host->environment_count)
        message_add(error, ", which is empty");
    return -1;
}

static int resolve_environment(const struct compilation *c, const char *name, const char **known,
                               struct message *error)
{
    for (size_t i = 0; i < c->host->environment_count; i++) {
        if (strcmp(c->host->environment[i], name) == 0) {
            const char *value = getenv(name);

            *known = in_format(c, value ? value : "");
            return *known ? 0 : message_set(error, TEMPLATE_NO_ROOM);
        }
    }
    return refuse_environment(c->host, name, error);
}

static int take_content(const struct compilation *c, const char *path, const char **known,
                        struct message *reason)
{
    const struct files *files = &c->site->files;
    const char *content;
    int result = files->read ? files->read(files->context, path, &content, reason) : -ENOENT;

    if (result < 0)
        return result;
    *known = in_format(c, content);
    return *known ? 0 : message_set(reason, TEMPLATE_NO_ROOM);
}

/* argument: NULL for the message of the day. */
static int resolve_file(const struct compilation *c, const char *argument, const char **known,
                        struct message *error)
{
    struct message reason = {"cannot be read here"};
    char shown[2 * TEMPLATE_ARGUMENT_MAX - 128];
    int result;

    if (!argument) {
        result = take_content(c, MOTD, known, &reason);
        if (result < 0)
            message_set(error, "${motd}: " MOTD " %s", reason.text);
        return result;
    }
    escape_bytes(shown, sizeof(shown), argument, strlen(argument));
    if (*argument != '/' || strpbrk(argument, "\"'\\")) /* which would be escaped in some formats */
        return message_set(
            error, "${file:%s} is not usable; allowed: an absolute path without quotes and backslashes",
            shown);
    result = take_content(c, argument, known, &reason);
    if (result < 0)
        message_set(error, "${file:%s} %.100s", shown, reason.text);
    return result;
}

static const struct quotes *quotes_of(const struct site *site, enum format format)
{
    return site->files.quotes ? site->files.quotes(site->files.context, format) : NULL;
}

static int resolve_quote(const struct compilation *c, enum variable variable, size_t *longest,
                         struct message *error)
{
    const struct quotes *quotes = quotes_of(c->site, c->format);

    if (!quotes) {
        message_set(error, "${%s} needs quotes; allowed: only with at least one file in the setting quotes",
                    variables_name(variable));
        return -ENOENT;
    }
    *longest = quotes->longest;
    return 0;
}

static int resolve_time(struct compilation *c, const char *argument, size_t *longest, struct message *error)
{
    c->is_exact |= dates_is_exact(argument);
    if (!dates_is_exact(argument))
        *longest = VARIABLES_FORMAT;
    return dates_check(argument, error);
}

static int resolve(const void *context, unsigned variable, const char *argument, const char **known,
                   size_t *longest, struct message *error)
{
    struct compilation *c = *(struct compilation *const *)context;

    switch (variable) {
    case VARIABLE_ENV:
        return resolve_environment(c, argument, known, error);
    case VARIABLE_FILE:
    case VARIABLE_MOTD:
        return resolve_file(c, argument, known, error);
    case VARIABLE_QUOTE:
    case VARIABLE_QUOTE_OF_THE_DAY:
        return resolve_quote(c, variable, longest, error);
    default:
        return resolve_time(c, argument, longest, error);
    }
}

static void plan(struct greeting *greeting, bool is_exact)
{
    const struct template *made = &greeting->template;
    bool is_constant = made->uses == 0;

    greeting->plan = (struct plan){.service = &service_greeting,
                                   .bytes = is_constant ? made->prefix : NULL,
                                   .length = is_constant ? made->prefix_length : 0,
                                   .is_constant = is_constant,
                                   .time = needs_time(made->uses, is_exact),
                                   .needs = needs_of(made->uses),
                                   .kept = is_constant ? 0 : folding_size(made),
                                   .longest = made->max_length};
}

static int refuse_for_memory(struct template_errors *errors)
{
    message_set(&errors->list[0], TEMPLATE_NO_ROOM);
    errors->count = 1;
    return -1;
}

static int compile_as(struct compilation *c, enum format format, const char *text, size_t length,
                      struct template *made, struct template_errors *errors)
{
    const struct template_variables variables = {c->list, VARIABLE_COUNT, resolve, &c};

    c->format = format;
    if (!list_variables(c))
        return refuse_for_memory(errors);
    return template_compile(c->arena, text, length, &variables, made, errors);
}

/* Compiles the text as written first, to find errors, and then the template of the format, which has none. */
static int compile_format(struct compilation *c, const char *text, size_t length, struct template *made,
                          struct template_errors *errors)
{
    size_t wrapped_length;
    char *wrapped;
    int result;

    if (compile_as(c, FORMAT_TEXT, text, length, made, errors) < 0)
        return -1;
    if (c->site->format == FORMAT_TEXT)
        return 0;
    wrapped = format_wrap(c->site->format, text, length, left_out(c->site), &wrapped_length);
    if (!wrapped)
        return refuse_for_memory(errors);
    result = compile_as(c, c->site->format, wrapped, wrapped_length, made, errors);
    free(wrapped);
    return result;
}

static const struct plan *compile(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors)
{
    static const struct host nowhere = {.instance = ""};
    struct compilation c = {.arena = arena, .site = site, .host = site->host ? site->host : &nowhere};
    struct greeting *greeting = arena_alloc(arena, sizeof(*greeting));

    if (!greeting) {
        refuse_for_memory(errors);
        return NULL;
    }
    if (compile_format(&c, text, length, &greeting->template, errors) < 0)
        return NULL;
    greeting->quotes = greeting->template.uses & QUOTED ? quotes_of(site, site->format) : NULL;
    plan(greeting, c.is_exact);
    return &greeting->plan;
}

static size_t write_quote(const struct quote *quote, char *out)
{
    memcpy(out, quote->text, quote->length);
    return quote->length;
}

/* room is at least the length of the longest quote. */
static size_t write_value(const void *context, unsigned variable, const char *argument, char *out,
                          size_t room)
{
    const struct telling *telling = context;
    const struct occasion *occasion = telling->occasion;

    if (variable == VARIABLE_QUOTE)
        return write_quote(quotes_random(telling->quotes, occasion->speaker->id, occasion->answers), out);
    if (variable == VARIABLE_QUOTE_OF_THE_DAY)
        return write_quote(quotes_of_the_day(telling->quotes, occasion->moment->second), out);
    return values_write(occasion, variable, argument, out, room);
}

static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    const struct greeting *greeting = (const struct greeting *)plan;
    const struct telling telling = {occasion, greeting->quotes};
    const struct template *template = &greeting->template;

    if (occasion->kept)
        template = folding_of(template, occasion, occasion->kept);
    if (telling.quotes)
        return template_render(template, write_value, &telling, out);
    return template_render(template, values_write, occasion, out);
}

const struct service service_greeting = {.name = "greeting",
                                         .transports = SERVICE_ON_ALL,
                                         .says_text = true,

                                         .compile = compile,
                                         .answer = answer};
