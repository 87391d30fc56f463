/* SPDX-License-Identifier: MIT */
/* load_rows: latencies in a few rows of a logarithmic scale with round bounds. */
#ifndef SOCKGREET_LOAD_ROWS_H
#define SOCKGREET_LOAD_ROWS_H

#include "client/histogram.h"

#include <stddef.h>
#include <stdint.h>

#define LOAD_ROWS_MAX 16

struct load_row {
    double from_ms, to_ms; /* to_ms is not included */
    uint64_t count;
};

/* Fills the rows from the least to the greatest latency, on the finest scale that needs at most
 * LOAD_ROWS_MAX. Returns their number; 0 without answers. */
size_t load_rows_of(struct load_row rows[LOAD_ROWS_MAX], const struct histogram *histogram);

#endif
