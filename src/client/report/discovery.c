/* SPDX-License-Identifier: MIT */
#include "client/report/discovery.h"

#include "base/printable.h"
#include "base/util.h"
#include "client/report/json.h"
#include "client/report/json_value.h"
#include "client/safe_text.h"

#include <jansson.h>
#include <net/if.h>
#include <string.h>

#define NAME_WIDTH    32 /* columns */
#define VERSION_WIDTH 12

/* A cell of a table, safe to print. */
struct cell {
    char text[4 * IDENTITY_TEXT_MAX + 1];
    int columns; /* its width */
};

struct widths {
    int address, name, version;
};

static int columns_of(const char *text)
{
    int columns = 0;

    while (*text) {
        uint32_t character;

        text += printable_read(text, strlen(text), &character);
        columns += (int)printable_columns(character);
    }
    return columns;
}

static struct cell cell_of(const char *text, unsigned width)
{
    struct cell cell;

    safe_text_line(cell.text, sizeof(cell.text), width, text, strlen(text));
    cell.columns = columns_of(cell.text);
    return cell;
}

static struct cell name_of(const struct identity *identity)
{
    char both[2 * IDENTITY_TEXT_MAX + 4];

    if (!identity->instance[0])
        return cell_of(identity->name, NAME_WIDTH);
    snprintf(both, sizeof(both), "%s (%s)", identity->name, identity->instance);
    return cell_of(both, NAME_WIDTH);
}

static struct cell version_of(const struct identity *identity)
{
    return cell_of(identity->version[0] ? identity->version : "-", VERSION_WIDTH);
}

static struct cell address_cell(const struct greeter *greeter)
{
    struct cell cell;

    cell.columns = (int)address_host(&greeter->address, cell.text, sizeof(cell.text));
    return cell;
}

static void widen(int *width, const struct cell *cell)
{
    if (cell->columns > *width)
        *width = cell->columns;
}

static struct widths measure(const struct greeters *greeters)
{
    struct widths widths = {(int)strlen("ADDRESS"), (int)strlen("NAME"), (int)strlen("VERSION")};

    for (size_t i = 0; i < greeters->count; i++) {
        const struct cell address = address_cell(&greeters->list[i]);
        const struct cell name = name_of(&greeters->list[i].identity);
        const struct cell version = version_of(&greeters->list[i].identity);

        widen(&widths.address, &address);
        widen(&widths.name, &name);
        widen(&widths.version, &version);
    }
    return widths;
}

static void print_cell(FILE *out, const struct cell *cell, int width)
{
    fprintf(out, "%s%*s", cell->text, width - cell->columns + 2, "");
}

static void print_row(FILE *out, const struct widths *widths, const struct greeter *greeter, bool first)
{
    const struct cell nothing = {.columns = 0};
    const struct cell address = address_cell(greeter);
    const struct cell name = first ? name_of(&greeter->identity) : nothing;
    const struct cell version = first ? version_of(&greeter->identity) : nothing;

    print_cell(out, &address, widths->address);
    print_cell(out, &name, widths->name);
    print_cell(out, &version, widths->version);
    fprintf(out, "%.2f ms\n", (double)greeter->ns / (double)NS_PER_MS);
}

static bool is_first(const struct greeters *greeters, size_t which)
{
    return which == 0 || greeters->list[which].server != greeters->list[which - 1].server;
}

void discovery_print_table(FILE *out, const struct greeters *greeters)
{
    const struct widths widths = measure(greeters);

    fprintf(out, "%-*s  %-*s  %-*s  TIME\n", widths.address, "ADDRESS", widths.name, "NAME", widths.version,
            "VERSION");
    for (size_t i = 0; i < greeters->count; i++)
        print_row(out, &widths, &greeters->list[i], is_first(greeters, i));
    fprintf(out, "\n%zu server%s answered.\n", greeters->servers, plural(greeters->servers));
}

/* An empty text becomes null. */
static json_t *text_or_null(const char *text)
{
    return json_value_text(text[0] ? text : NULL);
}

static json_t *address_of(const struct greeter *greeter)
{
    char interface[IF_NAMESIZE] = "";

    if_indextoname(greeter->interface, interface);
    return json_pack("{s:o, s:o, s:o, s:o}", "address", json_value_host(&greeter->address), "port",
                     json_value_port(&greeter->address), "interface", text_or_null(interface), "time_ms",
                     json_value_ms(greeter->ns));
}

/* Prints the server whose addresses begin at *which, and sets it to the beginning of the next one. */
static bool print_server(FILE *out, const struct greeters *greeters, size_t *which, int64_t now_ns)
{
    const struct identity *identity = &greeters->list[*which].identity;
    json_t *addresses = json_array();

    do
        json_array_append_new(addresses, address_of(&greeters->list[(*which)++]));
    while (*which < greeters->count && !is_first(greeters, *which));
    return report_json_print(
        out, json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "schema", REPORT_JSON_SCHEMA, "event",
                       "greeter", "timestamp", json_value_timestamp(now_ns), "name",
                       text_or_null(identity->name), "instance", text_or_null(identity->instance), "version",
                       text_or_null(identity->version), "addresses", addresses));
}

bool discovery_print_json(FILE *out, const struct greeters *greeters, int64_t now_ns)
{
    for (size_t i = 0; i < greeters->count;)
        if (!print_server(out, greeters, &i, now_ns))
            return false;
    return report_json_print(out, json_pack("{s:i, s:s, s:o, s:I, s:I, s:b}", "schema", REPORT_JSON_SCHEMA,
                                            "event", "discovered", "timestamp", json_value_timestamp(now_ns),
                                            "greeters", (json_int_t)greeters->servers, "addresses",
                                            (json_int_t)greeters->count, "complete", !greeters->more));
}
