/* SPDX-License-Identifier: MIT */
#include "conf/conf_listeners.h"
#include "base/message.h"

#include "base/endpoint.h"
#include "base/util.h"
#include "conf/conf_check.h"
#include "conf/conf_group.h"
#include "conf/conf_overlap.h"
#include "conf/conf_table.h"
#include "conf/conf_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_SOCKET "/run/sockgreet/greet.sock"

/* A listener that is not in a file. */
struct simple_listener {
    const char *name;
    enum transport transport;
    const char *place; /* address or path */
};

/* The listeners of a file without "listeners". */
static const struct simple_listener default_listeners[] = {
    {"tcp", TRANSPORT_TCP, ""},
    {"udp", TRANSPORT_UDP, ""},
    {"local", TRANSPORT_UNIX, ROOT_SOCKET},
};

static struct conf_listener *new_listener(struct conf_builder *builder, struct conf_listener *list,
                                          const char *name, enum transport transport)
{
    struct conf_listener *listener = &list[builder->conf->listener_count++];

    conf_table_defaults(&conf_listener_table, listener);
    listener->name = conf_builder_copy(builder, name);
    listener->transport = transport;
    listener->linger_ns = builder->conf->linger_ns;
    listener->rates = builder->conf->rates;
    listener->on_refuse = builder->conf->on_refuse;
    return listener;
}

/* Settings that the transport does not have are NULL, so that their defaults are not used. */
static void clear_foreign(struct conf_listener *listener)
{
    if (transport_is_unix(listener->transport)) {
        listener->address = listener->port = NULL;
        if (!conf_is_proxied(listener))
            listener->rates = (struct conf_rates){0};
    } else {
        listener->path = NULL;
    }
}

static void complete(struct conf_builder *builder, const config_setting_t *group,
                     struct conf_listener *listener)
{
    clear_foreign(listener);
    conf_check_listener(builder, group, listener);
}

static struct conf_listener *new_list(struct conf_builder *builder, size_t count)
{
    struct conf_listener *list = conf_builder_alloc(builder, count * sizeof(*list));

    builder->conf->listeners = list;
    builder->conf->listener_count = 0;
    return list;
}

static struct conf_listener *add_simple(struct conf_builder *builder, struct conf_listener *list,
                                        const struct simple_listener *simple)
{
    struct conf_listener *listener = new_listener(builder, list, simple->name, simple->transport);

    if (transport_is_unix(simple->transport))
        listener->path = conf_builder_copy(builder, simple->place);
    else
        listener->address = simple->place;
    complete(builder, NULL, listener);
    return listener;
}

static void build_defaults(struct conf_builder *builder)
{
    struct conf_listener *list = new_list(builder, ARRAY_SIZE(default_listeners));

    for (size_t i = 0; list && i < ARRAY_SIZE(default_listeners); i++)
        add_simple(builder, list, &default_listeners[i]);
}

static bool has_ipv6_loopback(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&loopback, sizeof(loopback)) == 0;

    close_fd(&fd);
    return has;
}

/* The path of the Unix socket without a configuration; false if there is none. */
static bool default_path(char *path, size_t size)
{
    const char *directory = getenv("XDG_RUNTIME_DIR");

    if (geteuid() == 0)
        return (size_t)snprintf(path, size, "%s", ROOT_SOCKET) < size;
    return directory && *directory == '/' &&
           (size_t)snprintf(path, size, "%s/sockgreet.sock", directory) < size;
}

/* Without a file, only local clients are served. */
static void build_loopback(struct conf_builder *builder)
{
    struct conf_listener *list = new_list(builder, 5);
    char path[ENDPOINT_PATH_MAX + 1];
    bool ipv6 = has_ipv6_loopback();

    if (!list)
        return;
    add_simple(builder, list, &(struct simple_listener){"tcp", TRANSPORT_TCP, "127.0.0.1"});
    if (ipv6)
        add_simple(builder, list, &(struct simple_listener){"tcp6", TRANSPORT_TCP, "::1"});
    add_simple(builder, list, &(struct simple_listener){"udp", TRANSPORT_UDP, "127.0.0.1"});
    if (ipv6)
        add_simple(builder, list, &(struct simple_listener){"udp6", TRANSPORT_UDP, "::1"});
    if (default_path(path, sizeof(path)))
        add_simple(builder, list, &(struct simple_listener){"local", TRANSPORT_UNIX, path})->optional = true;
    else
        conf_warning(builder->report, 0, "listeners.local",
                     "XDG_RUNTIME_DIR is not set, so there is no Unix socket");
}

/* "tcp" for the first of a transport, then "tcp2" and so on. */
static void name_of(enum transport transport, unsigned ordinal, char *name, size_t size)
{
    if (ordinal == 1)
        snprintf(name, size, "%s", transport_name(transport));
    else
        snprintf(name, size, "%s%u", transport_name(transport), ordinal);
}

static void add_endpoint(struct conf_builder *builder, struct conf_listener *list,
                         const struct endpoint *endpoint, unsigned ordinal)
{
    struct conf_listener *listener;
    char name[CONF_NAME_MAX + 1];

    name_of(endpoint->transport, ordinal, name, sizeof(name));
    listener = new_listener(builder, list, name, endpoint->transport);
    listener->address = conf_builder_copy(builder, endpoint->host);
    listener->path = conf_builder_copy(builder, endpoint->path);
    if (endpoint->port_given)
        listener->port = conf_builder_copy(builder, endpoint->port);
    complete(builder, NULL, listener);
}

/* The listeners given by -l. */
static void build_command_line(struct conf_builder *builder)
{
    const struct conf_source *source = builder->source;
    struct conf_listener *list = new_list(builder, source->endpoint_count);
    unsigned ordinals[TRANSPORT_COUNT] = {0};

    for (size_t i = 0; list && i < source->endpoint_count; i++) {
        struct endpoint endpoint;
        struct message error;

        if (endpoint_parse_local(source->endpoints[i], &endpoint, &error) < 0)
            conf_error(builder->report, 0, "-l", "%s", error.text);
        else
            add_endpoint(builder, list, &endpoint, ++ordinals[endpoint.transport]);
    }
}

static bool check_name(struct conf_builder *builder, const config_setting_t *group, const char *path)
{
    const char *name = config_setting_name(group);
    size_t length = strlen(name);

    /* libconfig allows letters, digits, _, - and * in names */
    if (*name == '*' || strchr(name, '*') || length > CONF_NAME_MAX) {
        conf_error(builder->report, conf_tree_line(builder->report, group), path,
                   "is not a valid listener name; allowed: a letter, then up to %d letters, digits, _ and -",
                   CONF_NAME_MAX - 1);
        return false;
    }
    if (!config_setting_is_group(group)) {
        conf_error(builder->report, conf_tree_line(builder->report, group), path,
                   "is not a listener; allowed: a group { ... }");
        return false;
    }
    return true;
}

/* Everything else depends on the type. */
static bool read_type(struct conf_builder *builder, const config_setting_t *group, const char *path,
                      enum transport *transport)
{
    const config_setting_t *type = config_setting_get_member(group, "type");
    const char *word = type ? config_setting_get_string(type) : NULL;
    char setting[2 * CONF_NAME_MAX], allowed[128];

    if (word && transport_from_name(word, transport))
        return true;
    snprintf(setting, sizeof(setting), "%.80s.type", path);
    conf_table_allowed(conf_table_find(&conf_listener_table, "type"), allowed, sizeof(allowed));
    conf_error(builder->report, conf_tree_line(builder->report, type ? type : group), setting,
               "%s%s; allowed: %s", word ? conf_quote(word).text : "",
               word   ? " is unknown"
               : type ? "is not a string"
                      : "is not set",
               allowed);
    return false;
}

/* Checks names and ranges even though the type is not known. */
static void check_untyped(struct conf_builder *builder, const config_setting_t *group, const char *path)
{
    struct conf_listener unused;

    conf_table_defaults(&conf_listener_table, &unused);
    conf_group_read(builder, &conf_listener_table, group, path, ~0u, &unused);
}

static void add_group(struct conf_builder *builder, struct conf_listener *list, const config_setting_t *group)
{
    char path[2 * CONF_NAME_MAX];
    enum transport transport;
    struct conf_listener *listener;

    snprintf(path, sizeof(path), "listeners.%s", config_setting_name(group));
    if (!check_name(builder, group, path))
        return;
    if (!read_type(builder, group, path, &transport)) {
        check_untyped(builder, group, path);
        return;
    }
    listener = new_listener(builder, list, config_setting_name(group), transport);
    listener->place = conf_tree_place(group);
    conf_group_read(builder, &conf_listener_table, group, path, 1u << transport, listener);
    complete(builder, group, listener);
}

/* The number of listeners in the files; -1 if no file has the setting. *last is the group with which they end
 * or become too many. */
static int count_groups(const struct conf_trees *trees, const config_setting_t **last)
{
    int count = -1;

    for (size_t i = 0; i < trees->count && count <= CONF_LISTENERS_MAX; i++) {
        const config_setting_t *groups = config_lookup(&trees->list[i], "listeners");

        if (groups && count < 0)
            count = 0;
        if (!groups || !config_setting_is_group(groups))
            continue;
        count += config_setting_length(groups);
        *last = groups;
    }
    return count;
}

static void add_groups(struct conf_builder *builder, struct conf_listener *list,
                       const config_setting_t *groups)
{
    for (int i = 0; i < config_setting_length(groups); i++)
        add_group(builder, list, config_setting_get_elem(groups, (unsigned)i));
}

static void build_groups(struct conf_builder *builder, const struct conf_trees *trees)
{
    const config_setting_t *last = NULL;
    int count = count_groups(trees, &last);
    struct conf_listener *list;

    if (count < 0) {
        build_defaults(builder);
        return;
    }
    if (!last) /* reported already if it is not a group */
        return;
    if (count < 1 || count > CONF_LISTENERS_MAX) {
        conf_error(builder->report, conf_tree_line(builder->report, last), "listeners",
                   "%d listeners; allowed: 1 to %d", count, CONF_LISTENERS_MAX);
        return;
    }
    list = new_list(builder, (size_t)count);
    for (size_t i = 0; list && i < trees->count; i++) {
        const config_setting_t *groups = config_lookup(&trees->list[i], "listeners");

        if (groups && config_setting_is_group(groups))
            add_groups(builder, list, groups);
    }
}

void conf_listeners_build(struct conf_builder *builder, const struct conf_trees *trees)
{
    if (builder->source->endpoint_count > 0)
        build_command_line(builder);
    else if (trees->count == 0)
        build_loopback(builder);
    else
        build_groups(builder, trees);
    conf_overlap_check(builder);
}
