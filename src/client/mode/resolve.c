/* SPDX-License-Identifier: MIT */
#include "client/mode/resolve.h"

#include "base/address.h"
#include "base/escape.h"
#include "base/message.h"
#include "base/util.h"
#include "client/ask/lookup.h"
#include "client/ask/reverse.h"
#include "client/errors.h"

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_PRINTED 256

enum { STREAM = 1, DGRAM = 2, RAW = 4 }; /* types of sockets */

/* An address of a target. */
struct row {
    const char *host;
    const char *family;
    struct address address;
    char text[ADDRESS_TEXT_MAX]; /* the address */
    unsigned types;
    char name[NAME_MAX_PRINTED];      /* of the address, escaped; "" if it has none or without -v */
    char canonical[NAME_MAX_PRINTED]; /* in a host's first row, if it is another name, escaped; else "" */
};

struct resolution {
    const struct cmdline *cmdline;
    const struct deadline *deadline;
    struct row *rows;
    size_t count, room;
    enum cmdline_exit status;
};

static unsigned type_of(int type)
{
    return type == SOCK_STREAM ? STREAM : type == SOCK_DGRAM ? DGRAM : type == SOCK_RAW ? RAW : 0;
}

static const char *types_text(unsigned types)
{
    static const char *const texts[] = {"-",   "stream",     "dgram",     "stream,dgram",
                                        "raw", "stream,raw", "dgram,raw", "stream,dgram,raw"};

    return texts[types];
}

static const char *host_of(const struct target *target)
{
    return transport_is_unix(target->endpoint.transport) ? target->label : target->endpoint.host;
}

/* The next row; NULL if out of memory. */
static struct row *new_row(struct resolution *resolution)
{
    size_t room = resolution->room ? 2 * resolution->room : 16;
    struct row *rows = resolution->rows;

    if (resolution->count == resolution->room) {
        rows = reallocarray(rows, room, sizeof(*rows));
        if (!rows) {
            warnx("out of memory");
            resolution->status = CMDLINE_ERROR;
            return NULL;
        }
        resolution->rows = rows;
        resolution->room = room;
    }
    return &rows[resolution->count++];
}

/* getaddrinfo gives an address once for every type of socket. */
static struct row *find_row(struct resolution *resolution, size_t begin, const struct address *address)
{
    for (size_t i = begin; i < resolution->count; i++)
        if (address_equal(&resolution->rows[i].address, address))
            return &resolution->rows[i];
    return NULL;
}

static void add_found(struct resolution *resolution, const struct target *target, bool with_port,
                      const struct addrinfo *found)
{
    size_t begin = resolution->count;

    for (; found; found = found->ai_next) {
        struct address address;
        struct row *row;

        address_set(&address, found->ai_addr, found->ai_addrlen);
        row = find_row(resolution, begin, &address);
        if (!row) {
            row = new_row(resolution);
            if (!row)
                return;
            *row = (struct row){
                .host = host_of(target), .family = address_family_name(found->ai_family), .address = address};
            (with_port ? address_text : address_host)(&address, row->text, sizeof(row->text));
        }
        row->types |= type_of(found->ai_socktype);
    }
}

static void add_canonical(struct row *row, const char *name)
{
    if (name && strcmp(name, row->host) != 0)
        escape_bytes(row->canonical, sizeof(row->canonical), name, strlen(name));
}

/* Looks up the names of addresses, all of them within the timeout of one request. */
static void add_names(struct resolution *resolution, size_t begin)
{
    struct deadline share = deadline_at_most(resolution->deadline, resolution->cmdline->timeout_ns);
    char name[NI_MAXHOST];

    for (size_t i = begin; i < resolution->count; i++) {
        struct row *row = &resolution->rows[i];
        int code = reverse_lookup(&row->address, &share, name);

        if (code == EAI_CANCELED || code == EAI_INTR)
            return;
        escape_bytes(row->name, sizeof(row->name), name, strlen(name));
    }
}

static bool has_port(const struct cmdline *cmdline, const struct target *target)
{
    const struct endpoint *endpoint = &target->endpoint;

    /* The last case: a port that followed the host as an operand of its own. */
    return endpoint->port_given || cmdline->port || strcmp(endpoint->port, ENDPOINT_DEFAULT_PORT) != 0;
}

static int look_up(const struct resolution *resolution, const struct target *target, bool with_port,
                   struct addrinfo **found)
{
    const struct cmdline *cmdline = resolution->cmdline;
    const struct endpoint *endpoint = &target->endpoint;
    struct deadline share = deadline_at_most(resolution->deadline, cmdline->timeout_ns);
    struct addrinfo hints = {.ai_family = cmdline->family, .ai_flags = cmdline->verbose ? AI_CANONNAME : 0};

    if (endpoint->transport_given || cmdline->udp)
        hints.ai_socktype = transport_socket_type(endpoint->transport);
    return lookup_host(endpoint->host, with_port ? endpoint->port : NULL, &hints, &share, found);
}

static void print_failure(struct resolution *resolution, const struct target *target,
                          const struct errors_lookup *lookup)
{
    char words[ERRORS_MAX];

    errors_lookup(words, sizeof(words), lookup);
    warnx("%s: %s", host_of(target), words);
    if (resolution->status == CMDLINE_ANSWERED)
        resolution->status = CMDLINE_NO_ANSWER;
}

static void resolve_host(struct resolution *resolution, const struct target *target)
{
    int64_t started_ns = monotonic_ns();
    bool with_port = has_port(resolution->cmdline, target);
    size_t begin = resolution->count;
    struct addrinfo *found;
    int code = look_up(resolution, target, with_port, &found);
    struct errors_lookup lookup = {
        .host = target->endpoint.host, .code = code, .error = errno, .family = resolution->cmdline->family};

    if (code) {
        lookup.nanoseconds = monotonic_ns() - started_ns;
        print_failure(resolution, target, &lookup);
        return;
    }
    add_found(resolution, target, with_port, found);
    if (resolution->cmdline->verbose && resolution->count > begin) {
        add_canonical(&resolution->rows[begin], found->ai_canonname);
        add_names(resolution, begin);
    }
    freeaddrinfo(found);
}

static void resolve_path(struct resolution *resolution, const struct target *target)
{
    struct row *row = new_row(resolution);

    if (!row)
        return;
    *row = (struct row){.host = target->label,
                        .family = "Unix",
                        .types = type_of(transport_socket_type(target->endpoint.transport))};
    snprintf(row->text, sizeof(row->text), "%s", target->label);
}

static void resolve_all(struct resolution *resolution, const struct target_list *targets)
{
    for (size_t i = 0; i < targets->count && resolution->status != CMDLINE_ERROR; i++) {
        const struct target *target = &targets->targets[i];

        if (transport_is_unix(target->endpoint.transport))
            resolve_path(resolution, target);
        else
            resolve_host(resolution, target);
    }
}

static void widen(int *width, const char *text)
{
    if ((int)strlen(text) > *width)
        *width = (int)strlen(text);
}

static void print_table(FILE *out, const struct resolution *resolution)
{
    int host = (int)strlen("HOST"), address = (int)strlen("ADDRESS");

    for (size_t i = 0; i < resolution->count; i++) {
        widen(&host, resolution->rows[i].host);
        widen(&address, resolution->rows[i].text);
    }
    if (resolution->cmdline->verbose)
        fprintf(out, "%-*s  FAMILY  %-*s  TYPES             NAME\n", host, "HOST", address, "ADDRESS");
    else
        fprintf(out, "%-*s  FAMILY  ADDRESS\n", host, "HOST");
    for (size_t i = 0; i < resolution->count; i++) {
        const struct row *row = &resolution->rows[i];

        if (resolution->cmdline->verbose)
            fprintf(out, "%-*s  %-6s  %-*s  %-16s  %s\n", host, row->host, row->family, address, row->text,
                    types_text(row->types), row->name[0] ? row->name : "-");
        else
            fprintf(out, "%-*s  %-6s  %s\n", host, row->host, row->family, row->text);
    }
}

static void print_canonical(FILE *out, const struct resolution *resolution)
{
    const char *gap = "\n";

    for (size_t i = 0; i < resolution->count; i++) {
        const struct row *row = &resolution->rows[i];

        if (!row->canonical[0])
            continue;
        fprintf(out, "%sThe canonical name of %s is %s.\n", gap, row->host, row->canonical);
        gap = "";
    }
}

/* Makes this machine the only target; none if its name is not a valid host. */
static void list_own(struct target_list *own, const char *name)
{
    struct message error;

    own->targets = calloc(1, sizeof(struct target));
    if (!own->targets)
        warnx("out of memory");
    else if (endpoint_parse(name, &own->targets->endpoint, &error) < 0)
        warnx("%s", error.text);
    else
        own->count = 1;
}

static enum cmdline_exit resolve(struct resolution *resolution, const struct target_list *targets, FILE *out)
{
    resolve_all(resolution, targets);
    print_table(out, resolution);
    print_canonical(out, resolution);
    free(resolution->rows);
    return resolution->status;
}

enum cmdline_exit resolve_run(const struct cmdline *cmdline, const struct target_list *targets,
                              const struct deadline *deadline, struct streams *streams)
{
    struct resolution resolution = {.cmdline = cmdline, .deadline = deadline, .status = CMDLINE_ANSWERED};
    FILE *out = streams->output.stream;
    enum cmdline_exit status;

    if (targets->count > 0) {
        status = resolve(&resolution, targets, out);
    } else {
        char name[HOST_NAME_MAX + 1] = "";
        struct target_list own = {0};

        if (gethostname(name, sizeof(name)) < 0)
            warn("cannot read the host name");
        list_own(&own, name);
        status = own.count ? resolve(&resolution, &own, out) : CMDLINE_ERROR;
        fprintf(out, "\nThe host name of this machine is %s (gethostname).\n", name);
        target_list_free(&own);
    }
    return streams_flush(streams) ? status : CMDLINE_ERROR;
}
