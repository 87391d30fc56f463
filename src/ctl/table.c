/* SPDX-License-Identifier: MIT */
#include "ctl/table.h"

#include "ctl/memory.h"
#include "ctl/text.h"
#include "ctl/wrap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GAP  2 /* between columns */
#define NOTE 2 /* how far notes are indented */

struct layout {
    size_t width; /* 0: the column is left out */
    size_t start;
};

struct table {
    const struct table_column *columns;
    struct layout *layout;
    size_t column_count;
    char **cells; /* row by row */
    char **notes; /* by row; NULL: none */
    size_t cell_count;
    size_t room; /* for cells */
};

struct table *table_new(const struct table_column *columns, size_t count)
{
    struct table *table = memory_checked(calloc(1, sizeof(*table)));

    table->columns = columns;
    table->column_count = count;
    table->layout = memory_checked(calloc(count, sizeof(*table->layout)));
    return table;
}

static size_t row_count(const struct table *table)
{
    return table->cell_count / table->column_count;
}

static const char *cell(const struct table *table, size_t row, size_t column)
{
    return table->cells[row * table->column_count + column];
}

static void make_room(struct table *table)
{
    size_t rows = row_count(table) * 2 + 16, old = table->room / table->column_count;

    if (table->cell_count < table->room)
        return;
    table->room = rows * table->column_count;
    table->cells = memory_checked(reallocarray((void *)table->cells, table->room, sizeof(*table->cells)));
    table->notes = memory_checked(reallocarray((void *)table->notes, rows, sizeof(*table->notes)));
    memset((void *)(table->notes + old), 0, (rows - old) * sizeof(*table->notes));
}

void table_add(struct table *table, const char *text)
{
    make_room(table);
    table->cells[table->cell_count++] = text_printable(text, "");
}

void table_add_number(struct table *table, long long number)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", number);
    table_add(table, text);
}

/* Several notes of a row are lines of one. */
void table_note(struct table *table, const char *text)
{
    char **note = &table->notes[row_count(table) - 1], *old = *note;

    if (asprintf(note, "%s%s%s", old ? old : "", old ? "\n" : "", text) < 0)
        memory_checked(NULL);
    free(old);
}

static size_t title_width(const struct table *table, size_t column)
{
    return table->columns[column].title ? text_width(table->columns[column].title) : 1;
}

/* The width of the widest cell of a column that is not wider than limit. */
static size_t widest_cell(const struct table *table, size_t column, size_t limit)
{
    size_t widest = 0;

    for (size_t row = 0; row < row_count(table); row++) {
        size_t width = text_width(cell(table, row, column));

        if (width > widest && width <= limit)
            widest = width;
    }
    return widest;
}

static size_t fitting_width(const struct table *table, size_t column, size_t limit)
{
    size_t title = title_width(table, column), widest = widest_cell(table, column, limit);

    if (table->columns[column].optional && widest == 0 && limit == SIZE_MAX)
        return 0;
    return widest > title ? widest : title;
}

/* Sets the columns side by side. Returns where the last one ends. */
static size_t place_columns(struct table *table)
{
    size_t end = 0;

    for (size_t column = 0; column < table->column_count; column++) {
        struct layout *layout = &table->layout[column];

        if (layout->width == 0)
            continue;
        layout->start = end > 0 ? end + GAP : 0;
        end = layout->start + layout->width;
    }
    return end;
}

/* The widest of the columns that are wider than their title; NULL if there is none. */
static struct layout *find_widest(struct table *table)
{
    struct layout *widest = NULL;

    for (size_t column = 0; column < table->column_count; column++) {
        struct layout *layout = &table->layout[column];

        if (layout->width > title_width(table, column) && (!widest || layout->width > widest->width))
            widest = layout;
    }
    return widest;
}

/* From the last to the first. */
static void spare_columns(struct table *table)
{
    for (size_t column = table->column_count; column-- > 0 && place_columns(table) > WRAP_WIDTH;)
        if (table->columns[column].spare)
            table->layout[column].width = 0;
}

/* Narrows the widest columns until all fit; their widest cells then do not fit. */
static void lay_out(struct table *table)
{
    struct layout *widest;
    bool all_fit;

    for (size_t column = 0; column < table->column_count; column++)
        table->layout[column].width = fitting_width(table, column, SIZE_MAX);
    spare_columns(table);
    all_fit = place_columns(table) <= WRAP_WIDTH;
    while (place_columns(table) > WRAP_WIDTH && (widest = find_widest(table)))
        widest->width--;
    for (size_t column = 0; column < table->column_count && !all_fit; column++)
        if (table->layout[column].width > 0)
            table->layout[column].width = fitting_width(table, column, table->layout[column].width);
    place_columns(table);
}

/* Prints a cell that begins at a column, on further lines if it is wider than the rest of the line. Returns
 * where it ends. */
static size_t print_from(FILE *out, size_t start, const char *text)
{
    for (;;) {
        size_t length = text_fitting(text, WRAP_WIDTH - start);

        fwrite(text, 1, length, out);
        if (text[length] == '\0')
            return start + text_width(text);
        text += length;
        fprintf(out, "\n%*s", (int)start, "");
    }
}

/* Where a cell of that width begins: further left if it would not fit. */
static size_t cell_start(const struct table *table, size_t column, size_t width)
{
    const struct layout *layout = &table->layout[column];
    size_t start = layout->start;

    if (table->columns[column].right && width < layout->width)
        start += layout->width - width;
    if (start + width <= WRAP_WIDTH)
        return start;
    return width + NOTE <= WRAP_WIDTH ? WRAP_WIDTH - width : NOTE < start ? NOTE : start;
}

/* Prints a cell on a line that is used up to end. Returns the new end. */
static size_t print_cell(const struct table *table, FILE *out, size_t end, size_t column, const char *text)
{
    size_t start = cell_start(table, column, text_width(text));

    if (table->layout[column].width == 0 || *text == '\0')
        return end;
    if (end > 0 && end + GAP > start) {
        fputc('\n', out);
        end = 0;
    }
    fprintf(out, "%*s", (int)(start - end), "");
    return print_from(out, start, text);
}

static void print_titles(const struct table *table, FILE *out)
{
    size_t end = 0;

    if (!table->columns[0].title)
        return;
    for (size_t column = 0; column < table->column_count; column++)
        end = print_cell(table, out, end, column, table->columns[column].title);
    fputc('\n', out);
}

static void print_row(const struct table *table, FILE *out, size_t row)
{
    size_t end = 0;

    for (size_t column = 0; column < table->column_count; column++)
        end = print_cell(table, out, end, column, cell(table, row, column));
    fputc('\n', out);
    if (!table->notes[row])
        return;
    fprintf(out, "%*s", NOTE, "");
    wrap_print(out, NOTE, table->notes[row]);
}

void table_print(struct table *table, FILE *out)
{
    lay_out(table);
    print_titles(table, out);
    for (size_t row = 0; row < row_count(table); row++)
        print_row(table, out, row);
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    for (size_t row = 0; row < row_count(table); row++)
        free(table->notes[row]);
    free((void *)table->cells);
    free((void *)table->notes);
    free(table->layout);
    free(table);
}
