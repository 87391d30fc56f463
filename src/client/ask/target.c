/* SPDX-License-Identifier: MIT */
#include "client/ask/target.h"

#include "base/escape.h"
#include "base/message.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTED_MAX 256

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

bool target_is_port(const char *text)
{
    return is_number(text) || (endpoint_port_valid(text) && getservbyname(text, NULL));
}

static void set_label(struct target *target)
{
    const struct endpoint *endpoint = &target->endpoint;

    if (transport_is_unix(endpoint->transport))
        escape_bytes(target->label, sizeof(target->label), endpoint->path, strlen(endpoint->path));
    else
        snprintf(target->label, sizeof(target->label), "%s port %s", endpoint->host, endpoint->port);
}

/* Addresses that may exist on every link. */
static bool needs_interface(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, host, &address) == 1 &&
           (IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_MC_LINKLOCAL(&address) ||
            IN6_IS_ADDR_MC_NODELOCAL(&address));
}

static int target_parse(struct target *target, const char *operand, const struct target_defaults *defaults,
                        struct message *error)
{
    struct endpoint *endpoint = &target->endpoint;

    if (endpoint_parse(operand, endpoint, error) < 0)
        return -1;
    if (needs_interface(endpoint->host) && !defaults->interface)
        return message_set(error, "%s is link-local and needs an interface, such as %s%%eth0", endpoint->host,
                           endpoint->host);
    if (defaults->udp && !endpoint->transport_given)
        endpoint->transport = TRANSPORT_UDP;
    if (defaults->port && !endpoint->port_given && !transport_is_unix(endpoint->transport))
        snprintf(endpoint->port, sizeof(endpoint->port), "%s", defaults->port);
    set_label(target);
    return 0;
}

/* An operand of digits can only be a port. */
static int check_port(const char *number, struct message *error)
{
    char quoted[QUOTED_MAX];

    if (endpoint_port_valid(number))
        return 0;
    escape_bytes(quoted, sizeof(quoted), number, strlen(number));
    return message_set(error, "%s is not a port; allowed: 1 to 65535", quoted);
}

static int refuse_port(const char *number, struct message *error)
{
    if (check_port(number, error) < 0)
        return -1;
    return message_set(error, "%s is a port, not a host; allowed: HOST:%s", number, number);
}

static int host_and_port_parse(struct target *target, const char *host, const char *port,
                               const struct target_defaults *defaults, struct message *error)
{
    struct target_defaults with_port = *defaults;
    const struct endpoint *endpoint = &target->endpoint;

    if (is_number(host))
        return refuse_port(host, error);
    if (is_number(port) && check_port(port, error) < 0)
        return -1;
    with_port.port = port;
    if (target_parse(target, host, &with_port, error) < 0)
        return -1;
    if (!endpoint->port_given && !transport_is_unix(endpoint->transport))
        return 0;
    return message_set(error, "%s: %s; remove the port %s", target->label,
                       endpoint->port_given ? "already includes a port" : "a Unix socket has no port", port);
}

/* Reads targets from operands into an array of count. Returns their number, or -1. */
static int parse(struct target *targets, char *const *operands, size_t count,
                 const struct target_defaults *defaults, struct message *error)
{
    if (count == 2 && target_is_port(operands[1]))
        return host_and_port_parse(targets, operands[0], operands[1], defaults, error) < 0 ? -1 : 1;
    if (count == 1 && is_number(operands[0]))
        return check_port(operands[0], error) < 0 ||
                       host_and_port_parse(targets, "localhost", operands[0], defaults, error) < 0
                   ? -1
                   : 1;
    for (size_t i = 0; i < count; i++)
        if (is_number(operands[i]) ? refuse_port(operands[i], error) < 0
                                   : target_parse(&targets[i], operands[i], defaults, error) < 0)
            return -1;
    return (int)count;
}

static bool make_room(struct target_list *list, size_t more)
{
    size_t room = 2 * list->count + more + 1;
    struct target *targets = list->targets;

    if (list->count + more > list->room || !targets) {
        targets = reallocarray(list->targets, room, sizeof(struct target));
        if (!targets)
            return false;
        list->targets = targets;
        list->room = room;
    }
    memset(targets + list->count, 0, more * sizeof(struct target));
    return true;
}

int target_list_add(struct target_list *list, char *const *operands, size_t count,
                    const struct target_defaults *defaults, struct message *error)
{
    int added;

    if (!make_room(list, count))
        return message_set(error, "out of memory");
    added = parse(list->targets + list->count, operands, count, defaults, error);
    if (added < 0)
        return -1;
    list->count += (size_t)added;
    return 0;
}

int target_list_parse(struct target_list *list, char *const *operands, size_t count,
                      const struct target_defaults *defaults, struct message *error)
{
    *list = (struct target_list){0};
    return target_list_add(list, operands, count, defaults, error);
}

void target_list_free(struct target_list *list)
{
    free(list->targets);
    *list = (struct target_list){0};
}

/* An interface whose name begins with "25" would be read as an escaped "%". */
static const char *scope_prefix(const char *scope)
{
    return strncmp(scope, ENDPOINT_ESCAPED_PERCENT, 3) == 0 && scope[3] && !is_number(scope + 3) ? "25" : "";
}

static int inet_text(const struct endpoint *endpoint, char *text, size_t size)
{
    const char *name = transport_name(endpoint->transport);
    int bare = (int)strcspn(endpoint->host, "%") + 1;

    if (!strchr(endpoint->host, ':'))
        return snprintf(text, size, "%s://%s:%s", name, endpoint->host, endpoint->port);
    if (!strchr(endpoint->host, '%'))
        return snprintf(text, size, "%s://[%s]:%s", name, endpoint->host, endpoint->port);
    return snprintf(text, size, "%s://[%.*s%s%s]:%s", name, bare, endpoint->host,
                    scope_prefix(endpoint->host + bare - 1), endpoint->host + bare, endpoint->port);
}

size_t target_text(const struct target *target, char *text, size_t size)
{
    const struct endpoint *endpoint = &target->endpoint;
    int length;

    if (transport_is_unix(endpoint->transport))
        length = snprintf(text, size, "%s:%s", transport_name(endpoint->transport), target->label);
    else
        length = inet_text(endpoint, text, size);
    return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}
