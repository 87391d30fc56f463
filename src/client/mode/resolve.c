/* SPDX-License-Identifier: MIT */
#include "client/mode/resolve.h"
#include "base/message.h"

#include "base/address.h"
#include "base/util.h"
#include "client/ask/lookup.h"
#include "client/errors.h"

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define ROW "%-*s  %-6s  %-6s  %-8s  %s\n"

static const char *family_name(int family)
{
    return family == AF_INET ? "IPv4" : family == AF_INET6 ? "IPv6" : "other";
}

static const char *type_name(int type)
{
    return type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "dgram" : type == SOCK_RAW ? "raw" : "other";
}

static const char *protocol_name(int protocol)
{
    return protocol == IPPROTO_TCP   ? "tcp"
           : protocol == IPPROTO_UDP ? "udp"
           : protocol == 0           ? "any"
                                     : "other";
}

static const char *host_of(const struct target *target)
{
    return transport_is_unix(target->endpoint.transport) ? target->label : target->endpoint.host;
}

static int host_width(const struct target_list *targets)
{
    size_t width = strlen("HOST");

    for (size_t i = 0; i < targets->count; i++)
        if (strlen(host_of(&targets->targets[i])) > width)
            width = strlen(host_of(&targets->targets[i]));
    return (int)width;
}

static void print_found(FILE *out, int width, const struct target *target, bool with_port,
                        const struct addrinfo *found)
{
    for (; found; found = found->ai_next) {
        char text[ADDRESS_TEXT_MAX];
        struct address address;

        address_set(&address, found->ai_addr, found->ai_addrlen);
        if (with_port)
            address_text(&address, text, sizeof(text));
        else
            address_host(&address, text, sizeof(text));
        fprintf(out, ROW, width, host_of(target), family_name(found->ai_family),
                type_name(found->ai_socktype), protocol_name(found->ai_protocol), text);
    }
}

static bool has_port(const struct cmdline *cmdline, const struct target *target)
{
    const struct endpoint *endpoint = &target->endpoint;

    /* The last: a port that followed the host as an operand of its own. */
    return endpoint->port_given || cmdline->port || strcmp(endpoint->port, ENDPOINT_DEFAULT_PORT) != 0;
}

static int look_up(const struct cmdline *cmdline, const struct target *target, bool with_port,
                   const struct patience *patience, struct addrinfo **found)
{
    const struct endpoint *endpoint = &target->endpoint;
    struct patience share = patience_at_most(patience, cmdline->timeout_ns);
    struct addrinfo hints = {.ai_family = cmdline->family};

    if (endpoint->transport_given || cmdline->udp)
        hints.ai_socktype = transport_socket_type(endpoint->transport);
    return lookup_host(endpoint->host, with_port ? endpoint->port : NULL, &hints, &share, found);
}

static bool print_target(FILE *out, const struct cmdline *cmdline, const struct target *target, int width,
                         const struct patience *patience)
{
    int64_t started_ns = monotonic_ns();
    bool with_port = has_port(cmdline, target);
    struct addrinfo *found;
    int code = look_up(cmdline, target, with_port, patience, &found);
    struct words_lookup lookup = {.code = code, .error = errno, .family = cmdline->family};
    char words[WORDS_MAX];

    if (code == 0) {
        print_found(out, width, target, with_port, found);
        freeaddrinfo(found);
        return true;
    }
    lookup.nanoseconds = monotonic_ns() - started_ns;
    words_lookup(words, sizeof(words), &lookup);
    warnx("%s: %s", host_of(target), words);
    return false;
}

static bool print_row(FILE *out, const struct cmdline *cmdline, const struct target *target, int width,
                      const struct patience *patience)
{
    enum transport transport = target->endpoint.transport;

    if (!transport_is_unix(transport))
        return print_target(out, cmdline, target, width, patience);
    fprintf(out, ROW, width, target->label, "Unix", type_name(transport_socket_type(transport)), "any",
            target->label);
    return true;
}

enum cmdline_exit resolve_run(const struct cmdline *cmdline, const struct target_list *targets,
                              const struct patience *patience, struct streams *streams)
{
    FILE *out = streams->output.stream;
    char name[HOST_NAME_MAX + 1] = "";
    char *const operands[] = {name};
    struct target_list own = {0};
    enum cmdline_exit status = CMDLINE_ANSWERED;
    struct message error;

    if (gethostname(name, sizeof(name)) < 0)
        warn("gethostname");
    if (targets->count == 0 &&
        target_list_parse(&own, operands, 1, &(struct target_defaults){.udp = cmdline->udp}, &error) == 0)
        targets = &own;
    fprintf(out, ROW, host_width(targets), "HOST", "FAMILY", "TYPE", "PROTOCOL", "ADDRESS");
    for (size_t i = 0; i < targets->count; i++)
        if (!print_row(out, cmdline, &targets->targets[i], host_width(targets), patience))
            status = CMDLINE_NO_ANSWER;
    fprintf(out, "\nThis machine is called %s (gethostname).\n", name);
    target_list_free(&own);
    return streams_flush(streams) ? status : CMDLINE_ERROR;
}
