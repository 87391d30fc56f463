/* SPDX-License-Identifier: MIT */
#include "conf/conf_check.h"

#include "base/message.h"
#include "base/util.h"
#include "conf/completion.h"
#include "conf/conf_access.h"
#include "conf/conf_greeting.h"
#include "conf/conf_resolve.h"

#include "service/services.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTO_SHARDS_MAX 8 /* more sockets brought no more datagrams */

unsigned conf_check_cpus(void)
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
    completion_error(c, member, "%s", error->text);
    if (result == -EAGAIN)
        conf_report_temporary(c->builder->report);
}

static void complete_address(const struct completion *c)
{
    struct conf_listener *listener = c->listener;
    struct message error, left_out;
    const struct completion_path setting = completion_path(c, "address");
    unsigned port = 0, line = completion_line(c, "address");
    char where[24] = "";
    int result;

    if (line)
        snprintf(where, sizeof(where), " (line %u)", line);
    if (conf_resolve_port(listener->port, listener->transport, &port, &error) < 0)
        completion_error(c, "port", "%s", error.text);
    conf_report_activity(c->builder->report, "looking up %s%s, %s", setting.text, where,
                         conf_quote(listener->address).text);
    result = conf_resolve_address(c->builder->arena, listener->address, listener->transport, port,
                                  &listener->endpoints, &listener->endpoint_count, &left_out, &error);
    if (result < 0)
        not_resolved(c, "address", result, &error);
    else if (left_out.text[0])
        conf_warning(c->builder->report, line, setting.text,
                     "%s also resolves to %s, which this host does not have; ignored",
                     conf_quote(listener->address).text, left_out.text);
    conf_report_activity(c->builder->report, "%s", "");
}

static void check_interface(const struct completion *c)
{
    const char *name = c->listener->interface;

    if (strlen(name) >= IFNAMSIZ || strpbrk(name, "/ \t\r\n"))
        completion_error(
            c, "interface",
            "%s is not a valid interface name; allowed: up to %d bytes without spaces or slashes",
            conf_quote(name).text, IFNAMSIZ - 1);
}

static void check_scopes(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    for (size_t i = 0; i < listener->endpoint_count && !*listener->interface; i++) {
        const struct address *address = &listener->endpoints[i].address;

        if (address->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address->in6.sin6_addr) &&
            address->in6.sin6_scope_id == 0)
            completion_error(c, "address",
                             "%s is a link-local address without an interface; allowed: with its interface, "
                             "such as \"fe80::1%%eth0\"",
                             conf_quote(listener->address).text);
    }
}

/* A multicast address receives nothing until its group is joined, on one interface. */
static void check_multicast(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    for (size_t i = 0; i < listener->endpoint_count; i++) {
        const struct address *address = &listener->endpoints[i].address;

        if (address_scope(address) != ADDRESS_MULTICAST)
            continue;
        if (listener->transport != TRANSPORT_UDP)
            completion_error(c, "address",
                             "%s is a multicast address; allowed: only in listeners of type udp",
                             conf_quote(listener->address).text);
        else if (!*listener->interface &&
                 (address->sa.sa_family != AF_INET6 || address->in6.sin6_scope_id == 0))
            completion_error(
                c, "address",
                "%s is a multicast address without an interface; allowed: with the setting interface",
                conf_quote(listener->address).text);
    }
}

static void complete_ip(const struct completion *c)
{
    struct conf_listener *listener = c->listener;
    unsigned cpus = conf_check_cpus();

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
        completion_error(c, "path", "is not set; allowed: an absolute path, or @ and an abstract name");
    else if (*path != '/' && *path != '@')
        completion_error(c, "path",
                         "%s is a relative path; allowed: an absolute path, or @ and an abstract name",
                         conf_quote(path).text);
    else if (path[strlen(path) - 1] == '/' || strcmp(path, "@") == 0)
        completion_error(c, "path",
                         "%s does not name a socket; allowed: an absolute path, or @ and an abstract name",
                         conf_quote(path).text);
    else if (!address_set_unix(&endpoint->address, path))
        completion_error(c, "path", "is %zu bytes long; allowed: at most %zu", strlen(path),
                         sizeof(endpoint->address.un.sun_path) - 1);
    c->listener->endpoints = endpoint;
    c->listener->endpoint_count = 1;
}

static void refuse_for_abstract(const struct completion *c)
{
    static const char *const of_files[] = {"mode", "owner", "group"};

    for (size_t i = 0; i < sizeof(of_files) / sizeof(of_files[0]); i++)
        if (completion_has(c, of_files[i]))
            completion_error(c, of_files[i],
                             "an abstract socket has no file; allowed: only with a path that begins with /");
}

/* A listener with a name that the kernel could give to a client would be taken for one. */
static void refuse_for_client(const struct completion *c)
{
    const struct conf_endpoint *endpoint = c->listener->endpoints;

    if (c->listener->transport == TRANSPORT_UNIX_DGRAM && endpoint &&
        address_is_autobound(&endpoint->address))
        completion_error(c, "path",
                         "%s has the form of the names that the kernel gives to clients; allowed: any name "
                         "that is not five hexadecimal digits",
                         conf_quote(c->listener->path).text);
}

static void complete_mode(const struct completion *c)
{
    const char *mode = c->listener->mode;
    size_t length = strlen(mode);

    if (length < 3 || length > 4 || mode[strspn(mode, "01234567")] || (length == 4 && mode[0] != '0')) {
        completion_error(c, "mode",
                         "%s is not a file mode; allowed: octal digits as a string, \"0000\" to \"0777\"",
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

/* All clients that may connect to a Unix socket may send a header. */
static void complete_unix_proxies(const struct completion *c)
{
    struct conf_listener *listener = c->listener;

    if (listener->proxy_from.count != 1 || strcmp(listener->proxy_from.texts[0], "*") != 0)
        completion_error(
            c, "proxy_from",
            "%s is not possible on a Unix socket; allowed: \"*\" (every client that may connect)",
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

/* Clients of a Unix socket have an address only if a proxy names it. */
static void refuse_unaddressed(const struct completion *c)
{
    static const char *const of_addresses[] = {"allow",    "deny",      "rate",      "burst",
                                               "net_rate", "net_burst", "per_source"};

    for (size_t i = 0; i < sizeof(of_addresses) / sizeof(of_addresses[0]); i++)
        if (completion_has(c, of_addresses[i]))
            completion_error(
                c, of_addresses[i],
                "clients of a Unix socket have no address; allowed: only with proxy_from = \"*\"");
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
    if (c->listener->linger_ns > c->builder->conf->linger_total_ns && completion_has(c, "linger"))
        completion_error(c, "linger", "is longer than timeouts.linger_total (%g s); allowed: at most that",
                         (double)c->builder->conf->linger_total_ns / NS_PER_S);
}

static void check_end(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;

    if (listener->end == CONF_END_RESET && listener->transport != TRANSPORT_TCP)
        completion_error(c, "end",
                         "\"reset\" is not possible on a Unix socket; allowed: \"close\", \"hold\"");
}

static bool is_only_for_this_host(const struct conf_listener *listener)
{
    for (size_t i = 0; i < listener->endpoint_count; i++)
        if (address_scope(&listener->endpoints[i].address) != ADDRESS_LOOPBACK)
            return false;
    return true;
}

/* A service that shows internals must not be open to everyone by mistake. */
static void check_private(const struct completion *c)
{
    const struct conf_listener *listener = c->listener;
    const struct service *service = services_row((size_t)listener->service);

    if (service->is_private && listener->transport == TRANSPORT_TCP && !listener->access.allow.count &&
        !is_only_for_this_host(listener))
        completion_error(c, "address",
                         "service \"%s\" must not be open to everyone; allowed: 127.0.0.1 or ::1, or any "
                         "address with allow, such as allow = [\"192.0.2.0/24\"]",
                         service->name);
}

void conf_check_listener(struct conf_builder *builder, const config_setting_t *group,
                         struct conf_listener *listener)
{
    struct completion c = {builder, group, listener};

    if (transport_is_unix(listener->transport))
        complete_unix(&c);
    else
        complete_ip(&c);
    conf_greeting_complete(&c);
    check_linger(&c);
    check_end(&c);
    complete_proxies(&c);
    listener->rates_given = completion_has(&c, "rate") || completion_has(&c, "burst") ||
                            completion_has(&c, "net_rate") || completion_has(&c, "net_burst") ||
                            completion_has(&c, "per_source");
    complete_access(&c);
    check_private(&c);
}
