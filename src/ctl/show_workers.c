/* SPDX-License-Identifier: MIT */
#include "ctl/show_workers.h"

#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/clock.h"
#include "ctl/memory.h"
#include "ctl/table.h"

#include <stdlib.h>

static const struct table_column columns[] = {
    {.title = "GENERATION", .right = true}, {.title = "WORKER", .right = true},
    {.title = "PID", .right = true},        {.title = "STATE"},
    {.title = "SINCE", .right = true},      {.title = "GREETED", .right = true},
    {.title = "RESTARTS", .right = true},
};

static void add_number(struct table *table, const json_t *worker, const char *name)
{
    table_add_number(table, answer_number(worker, name));
}

static void note(struct table *table, const char *what, const char *text)
{
    char *line;

    if (*text == '\0')
        return;
    if (asprintf(&line, "%s: %s", what, text) < 0)
        memory_checked(NULL);
    table_note(table, line);
    free(line);
}

static void add_worker(struct table *table, const json_t *worker, time_t now)
{
    char room[CLOCK_MAX];

    add_number(table, worker, "generation");
    add_number(table, worker, "worker");
    if (answer_number(worker, "pid") > 0)
        add_number(table, worker, "pid");
    else
        table_add(table, "");
    table_add(table, answer_text(worker, "state"));
    table_add(table, clock_local(room, answer_text(worker, "since"), now));
    add_number(table, worker, "greeted");
    add_number(table, worker, "restarts");
    note(table, "last exit", answer_text(worker, "last_exit"));
    note(table, "next start", clock_local(room, answer_text(worker, "next_start"), now));
}

bool show_workers(FILE *out, const json_t *answer, time_t now)
{
    const json_t *workers = json_object_get(answer, "workers");
    struct table *table;
    json_t *worker;
    size_t i;

    if (!json_is_array(workers))
        return false;
    table = table_new(columns, ARRAY_SIZE(columns));
    json_array_foreach(workers, i, worker) add_worker(table, worker, now);
    table_print(table, out);
    table_free(table);
    return true;
}
