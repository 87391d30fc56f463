/* SPDX-License-Identifier: MIT */
/* held: how many clients a source holds at once, counted by all workers of a generation together.
 *
 * A count-min sketch (Cormode, Muthukrishnan, 2005): a source is a cell in each of a few rows, and holds what
 * the smallest of them says, or less. Two sources share all their cells by a rare chance that nobody can help
 * along who does not know the key. Each worker counts in a sketch of its own, so that what one leaves that is
 * killed goes with it. */
#ifndef SOCKGREET_HELD_H
#define SOCKGREET_HELD_H

#include "shm/shm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As one worker sees it. */
struct held {
    _Atomic uint16_t *all; /* rows of cells, by worker */
    size_t cells;          /* a power of two */
    unsigned workers, own;
};

/* Cells of a row for so many clients in all: few enough of them are in use that four of one source are never
 * all another's.
 */
size_t held_cells(unsigned clients);

/* In place of a worker that has ended, before its successor serves: its clients are gone. */
void held_begin(const struct held *held);

/* One more client of the source with this hash, if it has less than most. Returns whether it is counted. */
bool held_take(const struct held *held, uint64_t hash, unsigned most);

/* How many clients the source holds. */
unsigned held_count(const struct held *held, uint64_t hash);

/* It has gone. */
void held_give_back(const struct held *held, uint64_t hash);

#endif
