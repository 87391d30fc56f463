/* SPDX-License-Identifier: MIT */
/* grid: rows with a bar each, one line a row whatever its cells hold. Columns that do not fit beside a bar
 * are left out, and cells cut. */
#ifndef SOCKGREET_CTL_GRID_H
#define SOCKGREET_CTL_GRID_H

#include "ctl/frame.h"

#include <stddef.h>

#define GRID_COLUMNS 8 /* at most */

struct grid_column {
    const char *title;
    size_t most;         /* columns of the screen that a cell may take; 0: no limit */
    unsigned expendable; /* the lowest is left out first; 0: never */
    bool right;          /* numbers end at the same column */
};

struct grid_row {
    char *cells[GRID_COLUMNS];
    char *note;             /* instead of the bar; NULL: none */
    enum frame_style style; /* of the row */
    double rank;            /* where not all rows have room, those with the highest are shown */
    double share;           /* the length of the bar, 0 to 1 */
};

struct grid {
    const struct grid_column *columns; /* the last stands beside the bar */
    size_t column_count;
    struct grid_row *rows;
    size_t row_count, room;
    size_t widths[GRID_COLUMNS]; /* 0: left out */
};

/* The columns are not copied. */
void grid_open(struct grid *grid, const struct grid_column *columns, size_t count);
void grid_close(struct grid *grid);

/* Adds a row. It is the caller's until the next one is added. */
struct grid_row *grid_add(struct grid *grid);
void grid_cell(struct grid_row *row, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Chooses the columns that have room. Returns where the bars would begin. */
size_t grid_lay_out(struct grid *grid, size_t width);

/* Prints titles, and rows on so many lines, with bars that begin there or further right. */
void grid_print(const struct grid *grid, struct frame *frame, size_t bars_at, size_t lines);

#endif
