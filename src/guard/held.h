/* SPDX-License-Identifier: MIT */
/* held: how many clients a source holds at once, counted by all workers of a generation together.
 *
 * A count-min sketch (Cormode, Muthukrishnan, 2005): a source is a cell in each of a few rows, and holds at
 * most the smallest of them. Two sources share all their cells only by a rare chance, which cannot be raised
 * without the key. Each worker counts in a sketch of its own, so that the counts of a worker that was killed
 * are dropped with it. */
#ifndef SOCKGREET_HELD_H
#define SOCKGREET_HELD_H

#include "shm/shared.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One worker's view. */
struct held {
    _Atomic uint16_t *all; /* rows of cells, by worker */
    size_t cells;          /* a power of two */
    unsigned workers, own;
};

/* The cells of a row for that many clients in all: so many that the cells of one source are never all
 * another's. */
size_t held_cells(unsigned clients);

/* Clears the counts of a worker that has ended, before its successor serves: its clients are gone. */
void held_begin(const struct held *held);

/* Counts a client of the source with this hash, if it has less than most. Returns whether it was counted. */
bool held_take(const struct held *held, uint64_t hash, unsigned most);

/* How many clients the source holds. */
unsigned held_count(const struct held *held, uint64_t hash);

/* A client of the source has gone. */
void held_give_back(const struct held *held, uint64_t hash);

#endif
