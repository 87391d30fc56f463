/* SPDX-License-Identifier: MIT */
/* grid: rows of cells with a bar each, one line per row. Columns that do not fit beside a bar are left out,
 * and cells are cut. */
#ifndef SOCKGREET_CTL_GRID_H
#define SOCKGREET_CTL_GRID_H

#include "ctl/frame.h"

#include <stddef.h>

#define GRID_COLUMNS 8 /* at most */

struct grid_column {
    const char *title;
    size_t most;         /* the most columns of the screen for a cell; 0: no limit */
    unsigned expendable; /* the lowest is left out first; 0: never */
    bool right;          /* aligned to the right, for numbers */
};

struct grid_row {
    char *cells[GRID_COLUMNS];
    char *note;             /* instead of the bar; NULL: none */
    enum frame_style style; /* of the row */
    double rank;            /* if not all rows fit, those with the highest rank are shown */
    double share;           /* the length of the bar, 0 to 1 */
};

struct grid {
    const struct grid_column *columns; /* the last is beside the bar */
    size_t column_count;
    struct grid_row *rows;
    size_t row_count, room;
    size_t widths[GRID_COLUMNS]; /* 0: left out */
};

/* The columns are not copied. */
void grid_open(struct grid *grid, const struct grid_column *columns, size_t count);
void grid_close(struct grid *grid);

/* Adds a row, which the caller may use until the next one is added. */
struct grid_row *grid_add(struct grid *grid);
void grid_cell(struct grid_row *row, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Chooses the columns that fit. Returns the column where the bars would begin. */
size_t grid_lay_out(struct grid *grid, size_t width);

/* Prints titles and rows on at most that many lines, with bars that begin at bars_at or further right. */
void grid_print(const struct grid *grid, struct frame *frame, size_t bars_at, size_t lines);

#endif
