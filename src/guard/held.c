/* SPDX-License-Identifier: MIT */
#include "guard/held.h"

#include <stdatomic.h>

#define CELL_MAX     (UINT16_MAX - 256) /* up to this many threads may count one too many at the same moment */
#define CELLS_LEAST  (16 * 1024)
#define CELLS_MOST   (4 * 1024 * 1024)
#define CELLS_A_HEAD 4

size_t held_cells(unsigned clients)
{
    size_t cells = CELLS_LEAST;

    while (cells < CELLS_MOST && cells < (size_t)clients * CELLS_A_HEAD)
        cells *= 2;
    return cells;
}

/* The high bits of a product depend on all lower bits of the hash, in each row differently. */
static size_t column(const struct held *held, unsigned row, uint64_t hash)
{
    static const uint64_t odd[SHARED_HELD_ROWS] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
                                                   0xd6e8feb86659fd93};

    return (size_t)(hash * odd[row] >> 32) & (held->cells - 1);
}

static _Atomic uint16_t *cell(const struct held *held, unsigned worker, unsigned row, uint64_t hash)
{
    size_t before = (size_t)worker * SHARED_HELD_ROWS + row;

    return &held->all[before * held->cells + column(held, row, hash)];
}

void held_begin(const struct held *held)
{
    size_t count = SHARED_HELD_ROWS * held->cells;
    _Atomic uint16_t *own = held->all + held->own * count;

    for (size_t i = 0; i < count; i++)
        if (atomic_load_explicit(&own[i], memory_order_relaxed))
            atomic_store_explicit(&own[i], 0, memory_order_relaxed);
}

static unsigned sum(const struct held *held, unsigned row, uint64_t hash)
{
    unsigned total = 0;

    for (unsigned worker = 0; worker < held->workers; worker++)
        total += atomic_load(cell(held, worker, row, hash));
    return total;
}

/* Whether the cell of each row had room. */
static bool count_in(const struct held *held, uint64_t hash)
{
    bool had_room = true;

    for (unsigned row = 0; row < SHARED_HELD_ROWS; row++)
        had_room &= atomic_fetch_add(cell(held, held->own, row, hash), 1) < CELL_MAX;
    return had_room;
}

unsigned held_count(const struct held *held, uint64_t hash)
{
    unsigned least = UINT32_MAX;

    for (unsigned row = 0; row < SHARED_HELD_ROWS; row++) {
        unsigned total = sum(held, row, hash);

        least = total < least ? total : least;
    }
    return least;
}

/* Counts in all rows before it reads any: of several clients that come at the same moment, the one counted
 * last sees all others in every row. If rows were read one by one, each could miss the other in another
 * row. */
bool held_take(const struct held *held, uint64_t hash, unsigned most)
{
    bool had_room = count_in(held, hash);

    if (had_room && held_count(held, hash) <= most)
        return true;
    held_give_back(held, hash);
    return false;
}

void held_give_back(const struct held *held, uint64_t hash)
{
    for (unsigned row = 0; row < SHARED_HELD_ROWS; row++)
        atomic_fetch_sub(cell(held, held->own, row, hash), 1);
}
