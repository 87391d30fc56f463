/* SPDX-License-Identifier: MIT */
#include "service/greeting.h"

#include "base/escape.h"
#include "service/values.h"
#include "service/variables.h"

#include <stdlib.h>
#include <string.h>

struct greeting {
    struct plan plan;
    struct template template;
};

/* What arguments of variables are judged by, and what becomes of them. */
struct resolver {
    const struct site *site;
    bool *is_exact; /* the time is said more exactly than by the second */
};

_Static_assert(VARIABLE_COUNT <= TEMPLATE_VARIABLES_MAX, "a bit for each variable");

static bool is_unix(const struct site *site)
{
    return site->transport && strncmp(site->transport, "unix", strlen("unix")) == 0;
}

/* Through a proxy they come to Unix stream sockets too. */
static bool has_ip_clients(const struct site *site)
{
    return !site->transport || strcmp(site->transport, transport_name(TRANSPORT_UNIX_DGRAM)) != 0;
}

static const char *argument_name(enum variable variable)
{
    return variable == VARIABLE_ENV ? "NAME" : variable == VARIABLE_TIME ? "FORMAT" : NULL;
}

static void list_variables(struct template_variable *list, const struct site *site)
{
    static const struct host nowhere = {.instance = ""};
    const struct host *host = site->host ? site->host : &nowhere;
    const char *const known[VARIABLE_COUNT] = {
        [VARIABLE_HOSTNAME] = host->hostname, [VARIABLE_INSTANCE] = host->instance,
        [VARIABLE_VERSION] = PACKAGE_VERSION, [VARIABLE_OS] = host->os,
        [VARIABLE_KERNEL] = host->kernel,     [VARIABLE_BOOT_ID] = host->boot_id,
        [VARIABLE_LISTENER] = site->listener, [VARIABLE_TRANSPORT] = site->transport};

    for (enum variable i = 0; i < VARIABLE_COUNT; i++) {
        list[i] =
            (struct template_variable){.name = variables_name(i),
                                       .longest = variables_longest(i, has_ip_clients(site), is_unix(site)),
                                       .argument = variables_argument(i),
                                       .argument_name = argument_name(i)};
        if (variables_known_at_load(i))
            list[i].known = known[i] ? known[i] : "";
    }
}

static int refuse_environment(const struct host *host, const char *name, struct message *error)
{
    char shown[48];

    escape_bytes(shown, sizeof(shown), name, strlen(name));
    message_set(error, "${env:%s} is not to be told; allowed: the names in the setting environment", shown);
    for (size_t i = 0; host && i < host->environment_count; i++)
        message_add(error, "%s%s", i ? ", " : ": ", host->environment[i]);
    if (!host || !host->environment_count)
        message_add(error, ", which has none");
    return -1;
}

static int resolve_environment(const struct host *host, const char *name, const char **known,
                               struct message *error)
{
    for (size_t i = 0; host && i < host->environment_count; i++) {
        if (strcmp(host->environment[i], name) == 0) {
            *known = getenv(name);
            *known = *known ? *known : "";
            return 0;
        }
    }
    return refuse_environment(host, name, error);
}

static int resolve(const void *context, unsigned variable, const char *argument, const char **known,
                   struct message *error)
{
    const struct resolver *resolver = context;

    if (variable == VARIABLE_ENV)
        return resolve_environment(resolver->site->host, argument, known, error);
    *resolver->is_exact |= values_time_is_exact(argument);
    return values_check_time(argument, error);
}

static enum plan_time time_of(uint64_t uses, bool is_exact)
{
    if (is_exact || (uses & VARIABLE_BIT(VARIABLE_UNIX_US)))
        return PLAN_INSTANT;
    return uses & (VARIABLE_BIT(VARIABLE_TIME) | VARIABLE_BIT(VARIABLE_UNIX)) ? PLAN_SECOND : PLAN_NO_TIME;
}

static void plan(struct greeting *greeting, bool is_exact)
{
    const struct template *made = &greeting->template;
    bool is_constant = made->uses == 0;

    greeting->plan = (struct plan){.service = &service_greeting,
                                   .bytes = is_constant ? made->prefix : NULL,
                                   .length = is_constant ? made->prefix_length : 0,
                                   .is_constant = is_constant,
                                   .time = time_of(made->uses, is_exact),
                                   .longest = made->max_length,
                                   .prefix = made->prefix,
                                   .prefix_length = made->prefix_length};
}

static const struct plan *compile(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors)
{
    struct template_variable list[VARIABLE_COUNT];
    bool is_exact = false;
    const struct resolver resolver = {site, &is_exact};
    const struct template_variables variables = {list, VARIABLE_COUNT, resolve, &resolver};
    struct greeting *greeting = arena_alloc(arena, sizeof(*greeting));

    if (!greeting) {
        message_set(&errors->list[0], TEMPLATE_NO_ROOM);
        errors->count = 1;
        return NULL;
    }
    list_variables(list, site);
    if (template_compile(arena, text, length, &variables, &greeting->template, errors) < 0)
        return NULL;
    plan(greeting, is_exact);
    return &greeting->plan;
}

static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    return template_render(&((const struct greeting *)plan)->template, values_write, occasion, out);
}

const struct service service_greeting = {.name = "greeting",
                                         .transports = SERVICE_ON_ALL,
                                         .takes_text = true,
                                         .compile = compile,
                                         .answer = answer};
