/* SPDX-License-Identifier: MIT */
/* table: prints rows in aligned columns, on lines of at most WRAP_WIDTH. A cell that is too wide for its
 * column is printed whole, and the row continues on the next line. */
#ifndef SOCKGREET_CTL_TABLE_H
#define SOCKGREET_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
    const char *title; /* NULL in all columns: no title line */
    bool right;        /* aligned to the right, for numbers */
    bool optional;     /* left out if it is empty in all rows */
    bool spare;        /* left out if the others need its width */
};

struct table;

/* The columns are not copied. */
struct table *table_new(const struct table_column *columns, size_t count);

/* Adds the next cell, which begins a new row after the last column. */
void table_add(struct table *table, const char *text);

/* The same for a number. */
void table_add_number(struct table *table, long long number);

/* Adds a line below the last row, which must be complete. */
void table_note(struct table *table, const char *text);

void table_print(struct table *table, FILE *out);
void table_free(struct table *table);

#endif
