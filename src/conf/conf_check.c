/* SPDX-License-Identifier: MIT */
#include "conf/conf_check.h"

#include "base/message.h"
#include "conf/conf_access.h"
#include "conf/conf_resolve.h"
#include "conf/conf_tree.h"
#include "service/services.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTO_SHARDS_MAX 8 /* where more sockets brought no more datagrams */

struct completion {
    struct conf_builder *builder;
    const config_setting_t *group;
    struct conf_listener *listener;
};

static unsigned line_of(const struct completion *c, const char *setting)
{
    const config_setting_t *member = c->group ? config_setting_get_member(c->group, setting) : NULL;

    return conf_report_line(c->builder->report, member ? conf_tree_place(member) : c->listener->place);
}

static bool is_given(const struct completion *c, const char *setting)
{
    return c->group && config_setting_get_member(c->group, setting);
}

struct full_name {
    char text[2 * CONF_NAME_MAX];
};

static struct full_name full(const struct completion *c, const char *setting)
{
    struct full_name name;

    snprintf(name.text, sizeof(name.text), "listeners.%s.%s", c->listener->name, setting);
    return name;
}

static void __attribute__((format(printf, 3, 4)))
wrong(const struct completion *c, const char *setting, const char *format, ...)
{
    char message[CONF_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    conf_error(c->builder->report, line_of(c, setting), full(c, setting).text, "%s", message);
}

unsigned conf_complete_cpus(void)
{
    cpu_set_t cpus;

    if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
        return 1; /* more than 1024 processors */
    return (unsigned)CPU_COUNT(&cpus);
}

/* result: of conf_resolve_...() */
static void not_resolved(const struct completion *c, const char *member, int result,
                         const struct message *error)
{
    wrong(c, member, "%s", error->text);
    if (result == -EAGAIN)
        conf_report_passing(c->builder->report);
}

static void complete_address(const struct completion *c)
{
    struct conf_listener *listener = c->listener;
    struct message error, left_out;
    unsigned port = 0;
    int result;

    if (conf_resolve_port(listener->port, listener->transport, &port, &error) < 0)
        wrong(c, "port", "%s", error.text);
    conf_report_activity(c->builder->report, "looking up listeners.%s.address (line %u), %s", listener->name,
                         line_of(c, "address"), conf_quote(listener->address).text);
    result = conf_resolve_address(c->builder->arena, listener->address, listener->transport, port,
                                  &listener->endpoints, &listener->endpoint_count, &left_out, &error);
    if (result < 0)
        not_resolved(c, "address", result, &error);
    else if (left_out.text[0])
        conf_warning(c->builder->report, line_of(c, "address"), "address",
                     "%s stands for %s too, which this host does not have: left out",
                     conf_quote(listener->address).text, left_out.text);
    conf_report_activity(c->builder->report, "%s", "");
}

static void check_interface(const struct completion *c)
{
    const char *name = c->listener->interface;

    if (strlen(name) >= IFNAMSIZ || strpbrk(name, "/ \t\r\n"))
        wrong(c, "interface", "%s is no interface's name; allowed: up to %d bytes without spaces and slashes",
              conf_quote(name).text, IFNAMSIZ - 1);
}

static void check_scopes(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    for (size_t i = 0; i < listener->endpoint_count && !*listener->interface; i++) {
        const struct address *address = &listener->endpoints[i].address;

        if (address->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address->in6.sin6_addr) &&
            address->in6.sin6_scope_id == 0)
            wrong(c, "address", "%s is link-local; allowed: with its interface, as in \"fe80::1%%eth0\"",
                  conf_quote(listener->address).text);
    }
}

/* A multicast address hears nobody before its group is joined, on one interface. */
static void check_multicast(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    for (size_t i = 0; i < listener->endpoint_count; i++) {
        const struct address *address = &listener->endpoints[i].address;

        if (address_scope(address) != ADDRESS_MULTICAST)
            continue;
        if (listener->transport != TRANSPORT_UDP)
            wrong(c, "address", "%s is a multicast address; allowed: in listeners of type udp",
                  conf_quote(listener->address).text);
        else if (!*listener->interface &&
                 (address->sa.sa_family != AF_INET6 || address->in6.sin6_scope_id == 0))
            wrong(c, "address", "%s is a multicast address; allowed: with the interface of its group",
                  conf_quote(listener->address).text);
    }
}

static void complete_ip(const struct completion *c)
{
    struct conf_listener *listener = c->listener;
    unsigned cpus = conf_complete_cpus();

    complete_address(c);
    check_interface(c);
    check_scopes(c);
    check_multicast(c);
    listener->shards = listener->shards_given   ? listener->shards_given
                       : cpus < AUTO_SHARDS_MAX ? cpus
                                                : AUTO_SHARDS_MAX;
}

static void complete_path(const struct completion *c)
{
    struct conf_endpoint *endpoint = conf_builder_alloc(c->builder, sizeof(*endpoint));
    const char *path = c->listener->path;

    if (!endpoint)
        return;
    if (!*path)
        wrong(c, "path", "is not set; allowed: an absolute path, or @ and an abstract name");
    else if (*path != '/' && *path != '@')
        wrong(c, "path", "%s is relative; allowed: an absolute path, or @ and an abstract name",
              conf_quote(path).text);
    else if (path[strlen(path) - 1] == '/' || strcmp(path, "@") == 0)
        wrong(c, "path", "%s names no socket; allowed: an absolute path, or @ and an abstract name",
              conf_quote(path).text);
    else if (!address_set_unix(&endpoint->address, path))
        wrong(c, "path", "is %zu bytes long; allowed: at most %zu", strlen(path),
              sizeof(endpoint->address.un.sun_path) - 1);
    c->listener->endpoints = endpoint;
    c->listener->endpoint_count = 1;
}

static void refuse_for_abstract(const struct completion *c)
{
    static const char *const of_files[] = {"mode", "owner", "group"};

    for (size_t i = 0; i < sizeof(of_files) / sizeof(of_files[0]); i++)
        if (is_given(c, of_files[i]))
            wrong(c, of_files[i], "an abstract socket has no file; allowed: with a path that begins with /");
}

/* A listener with a name as the kernel gives them to clients would be taken for a client. */
static void refuse_for_client(const struct completion *c)
{
    const struct conf_endpoint *endpoint = c->listener->endpoints;

    if (c->listener->transport == TRANSPORT_UNIX_DGRAM && endpoint &&
        address_is_autobound(&endpoint->address))
        wrong(c, "path", "%s is a name as clients have it; allowed: any but five hexadecimal digits",
              conf_quote(c->listener->path).text);
}

static void complete_mode(const struct completion *c)
{
    const char *mode = c->listener->mode;
    size_t length = strlen(mode);

    if (length < 3 || length > 4 || mode[strspn(mode, "01234567")] || (length == 4 && mode[0] != '0')) {
        wrong(c, "mode", "%s is no mode; allowed: octal digits as a string, \"0000\" to \"0777\"",
              conf_quote(mode).text);
        return;
    }
    c->listener->mode_bits = (mode_t)strtoul(mode, NULL, 8);
}

static void complete_owner(const struct completion *c)
{
    struct conf_listener *listener = c->listener;
    struct message error;
    gid_t ignored;
    int result;

    listener->owner_id = (uid_t)-1;
    listener->group_id = (gid_t)-1;
    if (*listener->owner) {
        result = conf_resolve_user(listener->owner, &listener->owner_id, &ignored, &error);
        if (result < 0)
            not_resolved(c, "owner", result, &error);
    }
    if (*listener->group) {
        result = conf_resolve_group(listener->group, &listener->group_id, &error);
        if (result < 0)
            not_resolved(c, "group", result, &error);
    }
}

static void complete_unix(const struct completion *c)
{
    complete_path(c);
    if (c->listener->path[0] == '@') {
        refuse_for_abstract(c);
        refuse_for_client(c);
    }
    complete_mode(c);
    complete_owner(c);
}

static const struct service *service_of(const struct conf_listener *listener)
{
    return services_row((size_t)listener->service);
}

static void compile_greeting(const struct completion *c)
{
    struct conf_builder *builder = c->builder;
    struct conf_listener *listener = c->listener;
    const struct site site = {.host = &builder->host,
                              .listener = listener->name,
                              .transport = transport_name(listener->transport),
                              .path = listener->path,
                              .format = listener->format,
                              .has_proxies = conf_is_proxied(listener)};
    struct template_errors errors;

    if (!*listener->greeting_text) {
        wrong(c, "greeting", "is empty; allowed: at least one byte");
        return;
    }
    listener->plan = service_of(listener)->compile(builder->arena, listener->greeting_text,
                                                   strlen(listener->greeting_text), &site, &errors);
    if (!listener->plan)
        conf_errors(builder->report, line_of(c, "greeting"), full(c, "greeting").text, errors.list,
                    errors.count);
}

/* A listener that does not stand in the file says what of the file is to be changed. */
static void check_datagram(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;
    const struct conf_builder *builder = c->builder;

    if (!listener->plan || listener->plan->longest <= listener->max_datagram)
        return;
    if (!listener->place.line && builder->greeting_place.line)
        conf_error(builder->report, conf_report_line(builder->report, builder->greeting_place), "greeting",
                   "can be %zu bytes long, a datagram of listeners.%s %u; allowed: a shorter one, or a "
                   "listener with max_datagram up to %d",
                   listener->plan->longest, listener->name, listener->max_datagram, CONF_DATAGRAM_MAX);
    else
        wrong(c, "greeting",
              "can be %zu bytes long, a datagram here %u; allowed: a shorter one, or max_datagram up to %d",
              listener->plan->longest, listener->max_datagram, CONF_DATAGRAM_MAX);
}

/* A service that says the same whatever the listener. */
static void complete_fixed(const struct completion *c)
{
    const struct service *service = service_of(c->listener);

    if (is_given(c, "format"))
        wrong(c, "format", "service \"%s\" has one of its own; allowed: with service = \"greeting\"",
              service->name);
    if (c->listener->greeting_text)
        wrong(c, "greeting", "service \"%s\" says no greeting; allowed: with service = \"greeting\"",
              service->name);
    c->listener->greeting_text = "";
    c->listener->plan = service->fixed;
    if (c->listener->weight_by_load && service->weigh_by_load)
        c->listener->plan = service->weigh_by_load(c->builder->arena);
    if (!c->listener->plan)
        conf_builder_full(c->builder);
}

/* What only a service that tells a weight has. */
static void refuse_weight(const struct completion *c)
{
    const struct service *service = service_of(c->listener);

    if (!service->weigh_by_load && is_given(c, "weight_by_load"))
        wrong(c, "weight_by_load", "service \"%s\" tells no weight; allowed: with service = \"agent\"",
              service->name);
}

static bool check_transport(const struct completion *c)
{
    const struct service *service = service_of(c->listener);
    char allowed[96] = "";
    size_t used = 0;

    if (service->transports & SERVICE_ON(c->listener->transport))
        return true;
    for (enum transport i = 0; i < TRANSPORT_COUNT && used < sizeof(allowed); i++)
        if (service->transports & SERVICE_ON(i))
            used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s", used ? ", " : "",
                                     transport_name(i));
    wrong(c, "service", "\"%s\" does not answer over %s; allowed: type %s", service->name,
          transport_name(c->listener->transport), allowed);
    return false;
}

static void complete_greeting(const struct completion *c)
{
    struct conf_listener *listener = c->listener;

    if (!check_transport(c))
        return;
    refuse_weight(c);
    if (service_of(listener)->fixed) {
        complete_fixed(c);
    } else if (listener->greeting_text) {
        compile_greeting(c);
    } else {
        listener->greeting_text = c->builder->conf->greeting;
        listener->plan = listener->service == 0 && listener->format == FORMAT_TEXT ? c->builder->plan : NULL;
        if (!listener->plan && !c->builder->greeting_bad)
            compile_greeting(c);
    }
    if (transport_socket_type(listener->transport) == SOCK_DGRAM)
        check_datagram(c);
}

/* Whoever may connect to a Unix socket may send a header. */
static void complete_unix_proxies(const struct completion *c)
{
    struct conf_listener *listener = c->listener;

    if (listener->proxy_from.count != 1 || strcmp(listener->proxy_from.texts[0], "*") != 0)
        wrong(c, "proxy_from", "%s does not fit a Unix socket; allowed: \"*\", all who may connect",
              conf_quote(listener->proxy_from.texts[0]).text);
}

static void complete_proxies(const struct completion *c)
{
    struct conf_listener *listener = c->listener;

    if (!conf_is_proxied(listener))
        return;
    if (transport_is_unix(listener->transport))
        complete_unix_proxies(c);
    else
        conf_access_proxies(c->builder, c->group, listener);
}

/* Clients of a Unix socket have an address only if a proxy says it. */
static void refuse_unaddressed(const struct completion *c)
{
    static const char *const of_addresses[] = {"allow",    "deny",      "rate",      "burst",
                                               "net_rate", "net_burst", "per_source"};

    for (size_t i = 0; i < sizeof(of_addresses) / sizeof(of_addresses[0]); i++)
        if (is_given(c, of_addresses[i]))
            wrong(c, of_addresses[i],
                  "clients of a Unix socket have no address; allowed: with proxy_from = \"*\"");
}

static void complete_access(const struct completion *c)
{
    if (transport_is_unix(c->listener->transport) && !conf_is_proxied(c->listener))
        refuse_unaddressed(c);
    else
        conf_access_listener(c->builder, c->group, c->listener);
}

static void check_linger(const struct completion *c)
{
    if (c->listener->linger_ns > c->builder->conf->linger_total_ns && is_given(c, "linger"))
        wrong(c, "linger", "is longer than timeouts.linger_total; allowed: at most that");
}

static void check_end(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    if (listener->end == CONF_END_RESET && listener->transport != TRANSPORT_TCP)
        wrong(c, "end", "\"reset\" is not known over unix; allowed: \"close\", \"hold\"");
}

void conf_complete(struct conf_builder *builder, const config_setting_t *group,
                   struct conf_listener *listener)
{
    struct completion c = {builder, group, listener};

    if (transport_is_unix(listener->transport))
        complete_unix(&c);
    else
        complete_ip(&c);
    complete_greeting(&c);
    check_linger(&c);
    check_end(&c);
    complete_proxies(&c);
    listener->rates_given = is_given(&c, "rate") || is_given(&c, "burst") || is_given(&c, "net_rate") ||
                            is_given(&c, "net_burst") || is_given(&c, "per_source");
    complete_access(&c);
}

void conf_complete_greeting(struct conf_builder *builder, struct conf_place place)
{
    const struct site any_listener = {.host = &builder->host};
    const char *text = builder->conf->greeting;
    const struct plan *plan = NULL;
    struct template_errors errors = {{{"is empty; allowed: at least one byte"}}, 1};

    builder->greeting_place = place;
    if (*text)
        plan = services_row(0)->compile(builder->arena, text, strlen(text), &any_listener, &errors);
    builder->greeting_bad = !plan;
    if (builder->greeting_bad)
        conf_errors(builder->report, conf_report_line(builder->report, place), "greeting", errors.list,
                    errors.count);
    else if (!strchr(text, '$'))
        builder->plan = plan;
}
