/* SPDX-License-Identifier: MIT */
/* table: prints rows in aligned columns, on lines of at most WRAP_WIDTH. What is too wide for its column is
 * printed whole, and the row goes on beneath it. */
#ifndef SOCKGREET_CTL_TABLE_H
#define SOCKGREET_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
    const char *title; /* NULL in all: no line of titles */
    bool right;        /* numbers end at the same column */
    bool optional;     /* left out if no row has anything in it */
    bool spare;        /* left out if the others need its room */
};

struct table;

/* The columns are not copied. */
struct table *table_new(const struct table_column *columns, size_t count);

/* Adds the next cell, which begins a row after the last column. */
void table_add(struct table *table, const char *text);

/* The same with a number. */
void table_add_number(struct table *table, long long number);

/* Adds a line beneath the row that was added last, which is complete. */
void table_note(struct table *table, const char *text);

void table_print(struct table *table, FILE *out);
void table_free(struct table *table);

#endif
