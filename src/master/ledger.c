/* SPDX-License-Identifier: MIT */
#include "master/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GONE_MOST 64 /* removed listeners that keep their counters */

_Static_assert(METRICS_LISTENERS == CONF_LISTENERS_MAX + GONE_MOST + 1,
               "room for the present and the removed listeners");
_Static_assert(METRICS_NAME > CONF_NAME_MAX, "a name fits");

int ledger_open(struct ledger *ledger)
{
    ledger->departures = 0;
    ledger->count = 1;
    ledger->rows =
        calloc(METRICS_LISTENERS, sizeof(*ledger->rows)); /* memory pages are used only as needed */
    if (!ledger->rows)
        return -ENOMEM;
    ledger->rows[0] =
        (struct ledger_row){.ended = {.name = METRICS_GONE, .transport = TRANSPORT_COUNT}, .generations = 1};
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    free(ledger->rows);
    ledger->rows = NULL;
}

static bool is_free(const struct ledger_row *row)
{
    return row->ended.name[0] == '\0';
}

static bool is_gone(const struct ledger_row *row)
{
    return !is_free(row) && row->generations == 0;
}

/* The listener that was removed first; NULL if none was. */
static struct ledger_row *oldest_gone(const struct ledger *ledger)
{
    struct ledger_row *oldest = NULL;

    for (size_t i = 1; i < ledger->count; i++)
        if (is_gone(&ledger->rows[i]) && (!oldest || ledger->rows[i].left < oldest->left))
            oldest = &ledger->rows[i];
    return oldest;
}

/* Adds its counts to the first row, without its name. */
static void merge_into_first(struct ledger *ledger, struct ledger_row *row)
{
    tally_add(&ledger->rows[0].ended.clients, &row->ended.clients);
    memset(row, 0, sizeof(*row));
}

static struct ledger_row *find(const struct ledger *ledger, const struct conf_listener *listener)
{
    for (size_t i = 1; i < ledger->count; i++) {
        struct ledger_row *row = &ledger->rows[i];

        if (row->ended.transport == listener->transport && strcmp(row->ended.name, listener->name) == 0)
            return row;
    }
    return NULL;
}

static struct ledger_row *find_free(struct ledger *ledger)
{
    struct ledger_row *row;

    for (size_t i = 1; i < ledger->count; i++)
        if (is_free(&ledger->rows[i]))
            return &ledger->rows[i];
    if (ledger->count < METRICS_LISTENERS)
        return &ledger->rows[ledger->count++];
    row = oldest_gone(ledger);
    if (row)
        merge_into_first(ledger, row);
    return row;
}

static struct ledger_row *new_row(struct ledger *ledger, const struct conf_listener *listener)
{
    struct ledger_row *row = find_free(ledger);

    if (!row) /* several generations have different listeners */
        return &ledger->rows[0];
    snprintf(row->ended.name, sizeof(row->ended.name), "%s", listener->name);
    row->ended.transport = listener->transport;
    return row;
}

void ledger_join(struct ledger *ledger, const struct conf *conf, uint16_t *rows)
{
    for (size_t i = 0; i < conf->listener_count; i++) {
        struct ledger_row *row = find(ledger, &conf->listeners[i]);

        if (!row)
            row = new_row(ledger, &conf->listeners[i]);
        row->generations++;
        rows[i] = (uint16_t)(row - ledger->rows);
    }
}

static size_t count_gone(const struct ledger *ledger)
{
    size_t count = 0;

    for (size_t i = 1; i < ledger->count; i++)
        count += is_gone(&ledger->rows[i]);
    return count;
}

void ledger_leave(struct ledger *ledger, const uint16_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ledger_row *row = &ledger->rows[rows[i]];

        if (--row->generations == 0)
            row->left = ++ledger->departures;
    }
    for (size_t gone = count_gone(ledger); gone > GONE_MOST; gone--)
        merge_into_first(ledger, oldest_gone(ledger));
}

void ledger_add(struct ledger *ledger, uint16_t row, const struct tally *clients)
{
    tally_add(&ledger->rows[row].ended.clients, clients);
}

void ledger_begin_sum(const struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        ledger->rows[i].sum = ledger->rows[i].ended.clients;
}

struct tally *ledger_sum(const struct ledger *ledger, uint16_t row)
{
    return &ledger->rows[row].sum;
}

size_t ledger_list(const struct ledger *ledger, struct metrics_listener *listeners)
{
    size_t count = 0;

    for (size_t i = 0; i < ledger->count; i++) {
        const struct ledger_row *row = &ledger->rows[i];

        if (is_free(row) || (i == 0 && row->sum.taken == 0))
            continue;
        listeners[count] = row->ended;
        listeners[count++].clients = row->sum;
    }
    return count;
}
