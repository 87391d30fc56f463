/* SPDX-License-Identifier: MIT */
#include "ctl/grid.h"

#include "base/bar.h"
#include "ctl/memory.h"
#include "ctl/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GAP         2  /* between columns */
#define BAR_LEAST   10 /* a shorter one says little */
#define FIRST_LEAST 8  /* of the first column, which is shortened last */

void grid_open(struct grid *grid, const struct grid_column *columns, size_t count)
{
    *grid = (struct grid){.columns = columns, .column_count = count};
}

static void free_row(struct grid_row *row)
{
    for (size_t column = 0; column < GRID_COLUMNS; column++)
        free(row->cells[column]);
    free(row->note);
}

void grid_close(struct grid *grid)
{
    for (size_t i = 0; i < grid->row_count; i++)
        free_row(&grid->rows[i]);
    free(grid->rows);
}

struct grid_row *grid_add(struct grid *grid)
{
    struct grid_row *row;

    if (grid->row_count == grid->room) {
        grid->room = grid->room * 2 + 16;
        grid->rows = memory_checked(reallocarray(grid->rows, grid->room, sizeof(*grid->rows)));
    }
    row = &grid->rows[grid->row_count++];
    *row = (struct grid_row){0};
    return row;
}

void grid_cell(struct grid_row *row, size_t column, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        memory_checked(NULL);
    va_end(arguments);
    row->cells[column] = text_printable(text, "");
    free(text);
}

/* --- layout --- */

static size_t natural_width(const struct grid *grid, size_t column)
{
    const struct grid_column *described = &grid->columns[column];
    size_t widest = strlen(described->title);

    for (size_t i = 0; i < grid->row_count; i++) {
        const char *cell = grid->rows[i].cells[column];
        size_t width = cell ? text_width(cell) : 0;

        widest = width > widest ? width : widest;
    }
    return described->most > 0 && widest > described->most ? described->most : widest;
}

static size_t all_widths(const struct grid *grid)
{
    size_t all = 0;

    for (size_t column = 0; column < grid->column_count; column++)
        if (grid->widths[column] > 0)
            all += grid->widths[column] + GAP;
    return all;
}

/* The column to leave out next; the number of columns if there is none. */
static size_t find_expendable(const struct grid *grid)
{
    size_t found = grid->column_count;

    for (size_t column = 0; column < grid->column_count; column++) {
        unsigned rank = grid->columns[column].expendable;

        if (rank > 0 && grid->widths[column] > 0 &&
            (found == grid->column_count || rank < grid->columns[found].expendable))
            found = column;
    }
    return found;
}

size_t grid_lay_out(struct grid *grid, size_t width)
{
    size_t column;

    for (column = 0; column < grid->column_count; column++)
        grid->widths[column] = natural_width(grid, column);
    while (all_widths(grid) + BAR_LEAST > width && (column = find_expendable(grid)) < grid->column_count)
        grid->widths[column] = 0;
    while (all_widths(grid) + BAR_LEAST > width && grid->widths[0] > FIRST_LEAST)
        grid->widths[0]--;
    return all_widths(grid);
}

/* --- printing --- */

/* A cell that is too wide ends with a mark. */
static void put_cut(struct frame *frame, enum frame_style style, const char *text, size_t width)
{
    bool cut = text_width(text) > width;
    size_t bytes = width > 1 ? text_fitting(text, cut ? width - 1 : width) : 0;

    frame_print(frame, style, "%.*s%s", (int)bytes, text, cut ? "~" : "");
}

/* Prints the cells of a line: the last ends before the bar, the others follow each other from the left. */
static void put_cells(const struct grid *grid, struct frame *frame, enum frame_style style, size_t bars_at,
                      const char *const *cells)
{
    size_t start = 0;

    for (size_t column = 0; column < grid->column_count; column++) {
        size_t width = grid->widths[column], used = text_width(cells[column]);

        if (width == 0)
            continue;
        if (column + 1 == grid->column_count && bars_at >= start + width + GAP)
            start = bars_at - GAP - width;
        frame_to(frame, start + (grid->columns[column].right && used < width ? width - used : 0));
        put_cut(frame, style, cells[column], width);
        start += width + GAP;
    }
}

static void put_titles(const struct grid *grid, struct frame *frame, size_t bars_at)
{
    const char *titles[GRID_COLUMNS];

    for (size_t column = 0; column < grid->column_count; column++)
        titles[column] = grid->columns[column].title;
    put_cells(grid, frame, FRAME_STRONG, bars_at, titles);
    frame_line(frame);
}

static void put_row(const struct grid *grid, struct frame *frame, size_t bars_at, const struct grid_row *row)
{
    size_t width = frame->look->width;
    const char *cells[GRID_COLUMNS];
    char bar[BAR_MAX];

    for (size_t column = 0; column < grid->column_count; column++)
        cells[column] = row->cells[column] ? row->cells[column] : "";
    put_cells(grid, frame, row->style, bars_at, cells);
    frame_to(frame, bars_at);
    if (row->note)
        frame_put(frame, row->style, row->note);
    else if (bars_at < width)
        frame_put(frame, FRAME_PLAIN, bar_draw(bar, row->share, width - bars_at, frame->look->blocks));
    frame_line(frame);
}

static int by_rank(const void *a, const void *b)
{
    const struct grid_row *const *left = a, *const *right = b;

    if ((*left)->rank != (*right)->rank)
        return (*left)->rank > (*right)->rank ? -1 : 1;
    return *left < *right ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
    const struct grid_row *const *left = a, *const *right = b;

    return *left < *right ? -1 : 1;
}

/* Prints the rows with the highest ranks, in their order. */
static void put_best(const struct grid *grid, struct frame *frame, size_t bars_at, size_t count)
{
    const struct grid_row **order =
        memory_checked(calloc(grid->row_count + 1, sizeof(const struct grid_row *)));

    for (size_t i = 0; i < grid->row_count; i++)
        order[i] = &grid->rows[i];
    qsort(order, grid->row_count, sizeof(*order), by_rank);
    qsort(order, count, sizeof(*order), by_place);
    for (size_t i = 0; i < count; i++)
        put_row(grid, frame, bars_at, order[i]);
    free(order);
}

void grid_print(const struct grid *grid, struct frame *frame, size_t bars_at, size_t lines)
{
    size_t shown = grid->row_count <= lines ? grid->row_count : lines > 0 ? lines - 1 : 0;

    put_titles(grid, frame, bars_at);
    put_best(grid, frame, bars_at, shown);
    if (shown < grid->row_count) {
        frame_print(frame, FRAME_PLAIN, "... %zu more", grid->row_count - shown);
        frame_line(frame);
    }
}
