/* SPDX-License-Identifier: MIT */
#include "service/greeting.h"

#include "service/variables.h"

#include <stdio.h>
#include <string.h>

struct greeting {
    struct plan plan;
    struct template template;
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

/* Those that are known AT_LOAD; the others are NULL. */
static void list_variables(struct template_variable *list, const struct site *site)
{
    const char *const known[VARIABLE_COUNT] = {[VARIABLE_HOSTNAME] = site->hostname,
                                               [VARIABLE_LISTENER] = site->listener,
                                               [VARIABLE_TRANSPORT] = site->transport};

    for (enum variable i = 0; i < VARIABLE_COUNT; i++) {
        list[i].name = variables_name(i);
        list[i].longest = variables_longest(i, has_ip_clients(site), is_unix(site));
        list[i].known = variables_known_at_load(i) ? known[i] ? known[i] : "" : NULL;
    }
}

static void plan(struct greeting *greeting)
{
    const struct template *made = &greeting->template;
    bool is_constant = made->uses == 0;

    greeting->plan = (struct plan){.service = &service_greeting,
                                   .bytes = is_constant ? made->prefix : NULL,
                                   .length = is_constant ? made->prefix_length : 0,
                                   .is_constant = is_constant,
                                   .uses_time = made->uses & 1u << VARIABLE_TIME,
                                   .longest = made->max_length,
                                   .prefix = made->prefix,
                                   .prefix_length = made->prefix_length};
}

static const struct plan *compile(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors)
{
    struct template_variable list[VARIABLE_COUNT];
    const struct template_variables variables = {list, VARIABLE_COUNT};
    struct greeting *greeting = arena_alloc(arena, sizeof(*greeting));

    if (!greeting) {
        message_set(&errors->list[0], TEMPLATE_NO_ROOM);
        errors->count = 1;
        return NULL;
    }
    list_variables(list, site);
    if (template_compile(arena, text, length, &variables, &greeting->template, errors) < 0)
        return NULL;
    plan(greeting);
    return &greeting->plan;
}

struct end_text {
    char host[ADDRESS_TEXT_MAX];
    char port[8];
};

static void write_end(struct end_text *text, const struct peer_address *packed)
{
    peer_host(packed, text->host);
    text->port[0] = '\0';
    if (packed->family != AF_UNIX)
        snprintf(text->port, sizeof(text->port), "%u", packed->port);
}

/* The values of VARIABLES that are known PER_CLIENT. */
static size_t answer(const struct plan *plan, const struct occasion *occasion, char *out)
{
    const struct peer *peer = occasion->peer;
    struct end_text client, server, proxy;
    char pid[12];
    const char *const values[VARIABLE_COUNT] = {
        [VARIABLE_CLIENT_ADDRESS] = client.host,
        [VARIABLE_CLIENT_PORT] = client.port,
        [VARIABLE_SERVER_ADDRESS] = occasion->path ? occasion->path : server.host,
        [VARIABLE_SERVER_PORT] = occasion->path ? NULL : server.port,
        [VARIABLE_PROXY_ADDRESS] = peer_is_proxied(peer) ? proxy.host : NULL,
        [VARIABLE_PROXY_PORT] = peer_is_proxied(peer) ? proxy.port : NULL,
        [VARIABLE_PID] = pid,
        [VARIABLE_TIME] = plan->uses_time ? occasion->moment->rfc3339 : NULL};

    write_end(&client, &peer->client);
    write_end(&server, &peer->server);
    if (peer_is_proxied(peer))
        write_end(&proxy, &peer->via);
    snprintf(pid, sizeof(pid), "%d", (int)occasion->pid);
    return template_render(&((const struct greeting *)plan)->template, values, out);
}

const struct service service_greeting = {
    .name = "greeting", .transports = SERVICE_ON_ALL, .compile = compile, .answer = answer};
