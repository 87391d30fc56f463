/* SPDX-License-Identifier: MIT */
#include "ctl/show_listeners.h"

#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/table.h"

#include <string.h>

static const struct table_column columns[] = {
    {.title = "NAME"},
    {.title = "TRANSPORT"},
    {.title = "ENDPOINT"},
    {.title = "INTERFACE", .optional = true},
    {.title = "SOCKETS", .right = true, .optional = true},
    {.title = "STATE"},
    {.title = "GREETINGS", .right = true, .spare = true},
    {.title = "REFUSALS", .right = true, .optional = true, .spare = true},
};

/* An empty cell for 0. */
static void add_count(struct table *table, long long count, bool said)
{
    if (said)
        table_add_number(table, count);
    else
        table_add(table, "");
}

/* Clients are counted for all addresses of a listener together, which is shown once. */
static void add_listener(struct table *table, const json_t *listener, bool is_another)
{
    long long sockets = answer_number(listener, "sockets"), refusals = answer_number(listener, "refusals");

    table_add(table, answer_text(listener, "name"));
    table_add(table, answer_text(listener, "transport"));
    table_add(table, answer_text(listener, "endpoint"));
    table_add(table, answer_text(listener, "interface"));
    add_count(table, sockets, sockets > 1);
    table_add(table, answer_text(listener, "state"));
    add_count(table, answer_number(listener, "greetings"), is_another);
    add_count(table, refusals, is_another && refusals > 0);
    if (*answer_text(listener, "trouble"))
        table_note(table, answer_text(listener, "trouble"));
}

bool show_listeners(FILE *out, const json_t *answer)
{
    const json_t *listeners = json_object_get(answer, "listeners");
    const char *before = ""; /* the listener before */
    struct table *table;
    json_t *listener;
    size_t i;

    if (!json_is_array(listeners))
        return false;
    table = table_new(columns, ARRAY_SIZE(columns));
    json_array_foreach(listeners, i, listener)
    {
        const char *name = answer_text(listener, "name");

        add_listener(table, listener, strcmp(name, before) != 0);
        before = name;
    }
    table_print(table, out);
    table_free(table);
    return true;
}
