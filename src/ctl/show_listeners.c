/* SPDX-License-Identifier: MIT */
#include "ctl/show_listeners.h"

#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/table.h"

static const struct table_column columns[] = {
    {.title = "NAME"},
    {.title = "TRANSPORT"},
    {.title = "ENDPOINT"},
    {.title = "INTERFACE", .optional = true},
    {.title = "SOCKETS", .right = true, .optional = true},
    {.title = "STATE"},
};

static void add_listener(struct table *table, const json_t *listener)
{
    long long sockets = answer_number(listener, "sockets");

    table_add(table, answer_text(listener, "name"));
    table_add(table, answer_text(listener, "transport"));
    table_add(table, answer_text(listener, "endpoint"));
    table_add(table, answer_text(listener, "interface"));
    if (sockets > 1)
        table_add_number(table, sockets);
    else
        table_add(table, "");
    table_add(table, answer_text(listener, "state"));
    if (*answer_text(listener, "trouble"))
        table_note(table, answer_text(listener, "trouble"));
}

bool show_listeners(FILE *out, const json_t *answer)
{
    const json_t *listeners = json_object_get(answer, "listeners");
    struct table *table;
    json_t *listener;
    size_t i;

    if (!json_is_array(listeners))
        return false;
    table = table_new(columns, ARRAY_SIZE(columns));
    json_array_foreach(listeners, i, listener) add_listener(table, listener);
    table_print(table, out);
    table_free(table);
    return true;
}
