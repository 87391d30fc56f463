/* SPDX-License-Identifier: MIT */
/* load_rows: latencies in a few rows of a logarithmic scale with round bounds. */
#ifndef SOCKGREET_LOAD_ROWS_H
#define SOCKGREET_LOAD_ROWS_H

#include "client/histogram.h"

#include <stddef.h>
#include <stdint.h>

#define LOAD_ROWS_MAX 16

struct load_row {
    double from_ms, to_ms; /* to_ms is not part of it */
    uint64_t count;
};

/* As many rows as it takes from the least to the greatest latency, on the finest scale with which they are
 * LOAD_ROWS_MAX at most. Returns how many; none if nothing was answered. */
size_t load_rows_of(struct load_row rows[LOAD_ROWS_MAX], const struct histogram *histogram);

#endif
