/* SPDX-License-Identifier: MIT */
#include "ctl/top_view.h"

#include "base/state.h"
#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/clock.h"
#include "ctl/grid.h"
#include "ctl/memory.h"
#include "ctl/quantity.h"
#include "ctl/rates.h"
#include "ctl/text.h"

#include <math.h>
#include <string.h>

#define NAME_MOST     24
#define ENDPOINT_MOST 40
#define FIGURE_GAP    4
#define HEAD_LINES    2 /* of a table: a blank one, and its titles */

/* --- the service --- */

/* Ends the line with a text at its right end, if it fits. */
static void end_line_with(struct frame *frame, const char *text)
{
    size_t width = text_width(text), end = frame->look->width;

    if (width < end && frame->column + 2 <= end - width) {
        frame_to(frame, end - width);
        frame_put(frame, FRAME_PLAIN, text);
    }
    frame_line(frame);
}

static void put_name(struct frame *frame, const char *host, const char *instance)
{
    if (*instance && strcmp(instance, host) != 0)
        frame_print(frame, FRAME_STRONG, "%s on %s", instance, host);
    else
        frame_print(frame, FRAME_STRONG, "sockgreet on %s", host);
}

static void put_readiness(struct frame *frame, const json_t *readiness)
{
    const char *state = answer_text(readiness, "state"), *reason = answer_text(readiness, "reason");
    long long weight = answer_number(readiness, "weight");
    enum frame_style style =
        strcmp(state, "ready") != 0 || weight != STATE_WEIGHT_FULL ? FRAME_NOTICE : FRAME_PLAIN;

    if (!readiness)
        return;
    frame_put(frame, FRAME_PLAIN, ": ");
    frame_put(frame, style, state);
    if (weight != STATE_WEIGHT_FULL)
        frame_print(frame, style, ", weight %lld%%", weight);
    if (*reason)
        frame_print(frame, style, " (%s)", reason);
}

static const char *uptime(char room[CLOCK_MAX], const json_t *status, time_t now)
{
    time_t started;

    room[0] = '\0';
    return clock_parse(answer_text(status, "started"), &started) ? clock_duration(room, now - started) : room;
}

/* "mail on web3: drain, weight 50% (kernel update)          up 2 h 3 min" */
static void put_service(struct frame *frame, const struct top_view *view)
{
    const json_t *status = view->now->status;
    char room[CLOCK_MAX], up[CLOCK_MAX + 8];

    put_name(frame, view->host, answer_text(status, "instance"));
    put_readiness(frame, json_object_get(status, "readiness"));
    snprintf(up, sizeof(up), "up %s", uptime(room, status, view->time));
    end_line_with(frame, up);
}

static void put_state(struct frame *frame, const char *state)
{
    frame_put(frame, strcmp(state, "serving") == 0 ? FRAME_PLAIN : FRAME_NOTICE, state);
}

static void put_listening(struct frame *frame, const json_t *listeners)
{
    long long up = answer_number(listeners, "up"), down = answer_number(listeners, "down");

    frame_print(frame, FRAME_PLAIN, ", %lld %s", up, up == 1 ? "endpoint" : "endpoints");
    if (down > 0)
        frame_print(frame, FRAME_TROUBLE, ", %lld down", down);
}

/* "serving, generation 2, 2 of 2 workers, 4 endpoints" */
static void put_process(struct frame *frame, const struct top_view *view)
{
    const json_t *status = view->now->status, *workers = json_object_get(status, "workers");
    long long ready = answer_number(workers, "ready"), wanted = answer_number(workers, "wanted");
    char time[CLOCK_MAX] = "";
    struct tm local;

    put_state(frame, answer_text(status, "state"));
    frame_print(frame, FRAME_PLAIN, ", generation %lld, ", answer_number(status, "generation"));
    frame_print(frame, ready < wanted ? FRAME_TROUBLE : FRAME_PLAIN, "%lld of %lld worker%s", ready, wanted,
                wanted == 1 ? "" : "s");
    put_listening(frame, json_object_get(status, "listeners"));
    if (localtime_r(&view->time, &local))
        strftime(time, sizeof(time), "%H:%M:%S", &local);
    end_line_with(frame, time);
}

static void put_line_of(struct frame *frame, const char *label, const char *trouble)
{
    if (*trouble == '\0')
        return;
    frame_print(frame, FRAME_TROUBLE, "%s%s", label, trouble);
    frame_line(frame);
}

/* Problems that have little or no room in the rows. */
static void put_troubles(struct frame *frame, const json_t *status)
{
    put_line_of(frame, "Waiting: ", answer_text(status, "waiting"));
    put_line_of(frame, "The last good configuration is in effect: ", answer_text(status, "refused"));
    put_line_of(frame, "Down: ", answer_text(json_object_get(status, "listeners"), "trouble"));
}

/* --- the figures of the whole service --- */

/* Adds "Greetings 123/s", on a new line if this one has no room for it. */
static void put_figure(struct frame *frame, const char *label, const char *value, bool is_rate)
{
    size_t gap = frame->column > 0 ? FIGURE_GAP : 0;
    size_t width = gap + strlen(label) + 1 + strlen(value) + (is_rate ? 2 : 0);

    if (gap > 0 && frame->column + width > frame->look->width) {
        frame_line(frame);
        gap = 0;
    }
    frame_to(frame, frame->column + gap);
    frame_print(frame, FRAME_PLAIN, "%s ", label);
    frame_print(frame, FRAME_STRONG, "%s%s", value, is_rate && *value != '-' ? "/s" : "");
}

static void put_figures(struct frame *frame, const struct rates *rates)
{
    char room[QUANTITY_MAX];

    put_figure(frame, "Greetings", quantity_rate(room, rates->greetings), true);
    put_figure(frame, "Refused", quantity_rate(room, rates->refusals), true);
    put_figure(frame, "Connections", quantity_rate(room, (double)rates->connections), false);
    put_figure(frame, "Sent", quantity_bytes(room, rates->bytes), true);
    frame_line(frame);
}

/* --- listeners and workers --- */

enum { LISTENER_NAME, LISTENER_TRANSPORT, LISTENER_ENDPOINT, LISTENER_OPEN, LISTENER_REFUSED, LISTENER_RATE };

static const struct grid_column listener_columns[] = {
    [LISTENER_NAME] = {.title = "LISTENER", .most = NAME_MOST},
    [LISTENER_TRANSPORT] = {.title = "TYPE", .expendable = 2},
    [LISTENER_ENDPOINT] = {.title = "ENDPOINT", .most = ENDPOINT_MOST, .expendable = 1},
    [LISTENER_OPEN] = {.title = "OPEN", .right = true, .expendable = 4},
    [LISTENER_REFUSED] = {.title = "REFUSED/S", .right = true, .expendable = 3},
    [LISTENER_RATE] = {.title = "GREETINGS/S", .right = true},
};

enum { WORKER_NUMBER, WORKER_PID, WORKER_STATE, WORKER_RESTARTS, WORKER_RATE };

static const struct grid_column worker_columns[] = {
    [WORKER_NUMBER] = {.title = "WORKER", .right = true},
    [WORKER_PID] = {.title = "PID", .right = true, .expendable = 1},
    [WORKER_STATE] = {.title = "STATE", .most = NAME_MOST, .expendable = 3},
    [WORKER_RESTARTS] = {.title = "RESTARTS", .right = true, .expendable = 2},
    [WORKER_RATE] = {.title = "CLIENTS/S", .right = true},
};

static double share(double part, double all)
{
    return part > 0 && all > 0 ? part / all : 0;
}

static void add_listener(struct grid *grid, const struct rates_listener *listener, double all)
{
    struct grid_row *row = grid_add(grid);
    char room[QUANTITY_MAX];

    grid_cell(row, LISTENER_NAME, "%s", listener->name);
    grid_cell(row, LISTENER_TRANSPORT, "%s", listener->transport);
    if (listener->addresses > 1)
        grid_cell(row, LISTENER_ENDPOINT, "%s +%u", listener->endpoint, listener->addresses - 1);
    else
        grid_cell(row, LISTENER_ENDPOINT, "%s", listener->endpoint);
    grid_cell(row, LISTENER_OPEN, "%s", quantity_rate(room, (double)listener->connections));
    grid_cell(row, LISTENER_REFUSED, "%s", quantity_rate(room, listener->refusals));
    grid_cell(row, LISTENER_RATE, "%s", quantity_rate(room, listener->greetings));
    row->share = share(listener->greetings, all);
    row->rank = listener->greetings;
    if (*listener->trouble) {
        row->style = FRAME_TROUBLE;
        row->rank = INFINITY;
        row->note = memory_checked(strdup(listener->trouble));
    }
}

static void add_listeners(struct grid *grid, const struct rates *rates)
{
    double all = 0;

    for (size_t i = 0; i < rates->listener_count; i++)
        all += fmax(rates->listeners[i].greetings, 0);
    for (size_t i = 0; i < rates->listener_count; i++)
        add_listener(grid, &rates->listeners[i], all);
}

/* The number alone, unless there are workers of several generations. */
static void add_worker(struct grid *grid, const struct rates_worker *worker, long long generation, double all)
{
    struct grid_row *row = grid_add(grid);
    char room[QUANTITY_MAX];

    if (worker->generation == generation)
        grid_cell(row, WORKER_NUMBER, "%lld", worker->number);
    else
        grid_cell(row, WORKER_NUMBER, "%lld/%lld", worker->generation, worker->number);
    if (worker->pid > 0)
        grid_cell(row, WORKER_PID, "%lld", worker->pid);
    grid_cell(row, WORKER_STATE, "%s", worker->state);
    grid_cell(row, WORKER_RESTARTS, "%lld", worker->restarts);
    grid_cell(row, WORKER_RATE, "%s", quantity_rate(room, worker->clients));
    row->share = share(worker->clients, all);
    row->rank = worker->clients;
    if (strcmp(worker->state, "waiting") == 0) {
        row->style = FRAME_TROUBLE;
        row->rank = INFINITY;
        row->note = memory_checked(strdup(worker->last_exit));
    }
}

static void add_workers(struct grid *grid, const struct rates *rates, long long generation)
{
    double all = 0;

    for (size_t i = 0; i < rates->worker_count; i++)
        all += fmax(rates->workers[i].clients, 0);
    for (size_t i = 0; i < rates->worker_count; i++)
        add_worker(grid, &rates->workers[i], generation, all);
}

/* How many of the remaining lines workers get: those that listeners do not need, but at least a third. */
static size_t lines_of_workers(size_t workers, size_t listeners, size_t left)
{
    size_t third = left / 3, rest = left > listeners ? left - listeners : 0;
    size_t lines = rest > third ? rest : third;

    return workers < lines ? workers : lines;
}

static size_t subtract(size_t a, size_t b)
{
    return a > b ? a - b : 0;
}

/* Both tables, with their bars aligned. If workers would have no useful line, listeners get them all. */
static void put_tables(struct frame *frame, const struct grid *listeners, const struct grid *workers,
                       size_t bars_at)
{
    size_t left = subtract(frame_left(frame), HEAD_LINES), both = subtract(left, HEAD_LINES);
    size_t lines = lines_of_workers(workers->row_count, listeners->row_count, both);
    bool has_workers = lines > 1 || lines == workers->row_count;

    frame_line(frame);
    grid_print(listeners, frame, bars_at, has_workers ? both - lines : left);
    if (!has_workers)
        return;
    frame_line(frame);
    grid_print(workers, frame, bars_at, lines);
}

static void put_rows(struct frame *frame, const struct rates *rates, long long generation)
{
    size_t width = frame->look->width, first, second;
    struct grid listeners, workers;

    grid_open(&listeners, listener_columns, ARRAY_SIZE(listener_columns));
    grid_open(&workers, worker_columns, ARRAY_SIZE(worker_columns));
    add_listeners(&listeners, rates);
    add_workers(&workers, rates, generation);
    first = grid_lay_out(&listeners, width);
    second = grid_lay_out(&workers, width);
    put_tables(frame, &listeners, &workers, first > second ? first : second);
    grid_close(&listeners);
    grid_close(&workers);
}

/* --- the frame --- */

static void put_sample(struct frame *frame, const struct top_view *view)
{
    struct rates rates;

    rates_compute(&rates, view->before, view->now);
    put_service(frame, view);
    put_process(frame, view);
    put_troubles(frame, view->now->status);
    frame_line(frame);
    put_figures(frame, &rates);
    put_rows(frame, &rates, answer_number(view->now->status, "generation"));
    rates_free(&rates);
}

static void put_trouble(struct frame *frame, const struct top_view *view)
{
    frame_print(frame, FRAME_STRONG, "sockgreet on %s", view->host);
    frame_line(frame);
    frame_put(frame, FRAME_TROUBLE, view->trouble);
    frame_line(frame);
}

char *top_view_draw(const struct top_view *view, const struct frame_look *look, size_t *size)
{
    struct frame frame;

    frame_begin(&frame, look);
    if (view->trouble)
        put_trouble(&frame, view);
    else
        put_sample(&frame, view);
    frame_end(&frame);
    *size = frame.size;
    return frame.text;
}
