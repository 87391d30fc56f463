/* SPDX-License-Identifier: MIT */
#include "client/ask/target.h"
#include "base/message.h"

#include "base/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_port_number(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0' && endpoint_port_valid(text);
}

static void set_label(struct target *target)
{
    const struct endpoint *endpoint = &target->endpoint;

    if (transport_is_unix(endpoint->transport))
        escape_bytes(target->label, sizeof(target->label), endpoint->path, strlen(endpoint->path));
    else
        snprintf(target->label, sizeof(target->label), "%s port %s", endpoint->host, endpoint->port);
}

static int target_parse(struct target *target, const char *operand, const struct target_defaults *defaults,
                        struct message *error)
{
    struct endpoint *endpoint = &target->endpoint;

    if (endpoint_parse(operand, endpoint, error) < 0)
        return -1;
    if (defaults->udp && !endpoint->transport_given)
        endpoint->transport = TRANSPORT_UDP;
    if (defaults->port && !endpoint->port_given && !transport_is_unix(endpoint->transport))
        snprintf(endpoint->port, sizeof(endpoint->port), "%s", defaults->port);
    set_label(target);
    return 0;
}

static int host_and_port_parse(struct target_list *list, char *const *operands,
                               const struct target_defaults *defaults, struct message *error)
{
    const struct target_defaults with_port = {.udp = defaults->udp, .port = operands[1]};
    const struct endpoint *endpoint = &list->targets[0].endpoint;

    list->count = 1;
    if (target_parse(&list->targets[0], operands[0], &with_port, error) < 0)
        return -1;
    if (!endpoint->port_given && !transport_is_unix(endpoint->transport))
        return 0;
    message_set(error, "%s: %s, so the port %s cannot follow", list->targets[0].label,
                endpoint->port_given ? "names its port already" : "a Unix socket has no port", operands[1]);
    return -1;
}

int target_list_parse(struct target_list *list, char *const *operands, size_t count,
                      const struct target_defaults *defaults, struct message *error)
{
    *list = (struct target_list){.targets = calloc(count + 1, sizeof(struct target)), .count = count};
    if (!list->targets) {
        message_set(error, "out of memory");
        return -1;
    }
    if (count == 2 && is_port_number(operands[1]))
        return host_and_port_parse(list, operands, defaults, error);
    for (size_t i = 0; i < count; i++)
        if (target_parse(&list->targets[i], operands[i], defaults, error) < 0)
            return -1;
    return 0;
}

void target_list_free(struct target_list *list)
{
    free(list->targets);
    *list = (struct target_list){0};
}

size_t target_text(const struct target *target, char *text, size_t size)
{
    const struct endpoint *endpoint = &target->endpoint;
    const char *name = transport_name(endpoint->transport);
    int length;

    if (transport_is_unix(endpoint->transport))
        length = snprintf(text, size, "%s:%s", name, target->label);
    else if (strchr(endpoint->host, ':'))
        length = snprintf(text, size, "%s://[%s]:%s", name, endpoint->host, endpoint->port);
    else
        length = snprintf(text, size, "%s://%s:%s", name, endpoint->host, endpoint->port);
    return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}
