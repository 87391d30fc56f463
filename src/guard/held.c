/* SPDX-License-Identifier: MIT */
#include "guard/held.h"

#include <stdatomic.h>

#define CELL_MAX (UINT16_MAX - 256) /* so many threads may be one too many at the same moment */

_Static_assert(SHARED_HELD_CELLS == 1 << 14, "14 bits of the hash for each row");

static _Atomic uint16_t *cell(const struct held *held, unsigned worker, unsigned row, uint64_t hash)
{
    return &held->all[worker].cells[row][hash >> (row * 14) & (SHARED_HELD_CELLS - 1)];
}

/* Memory that nobody has written to stays so. */
void held_begin(const struct held *held)
{
    struct shared_held *own = &held->all[held->own];

    for (unsigned row = 0; row < SHARED_HELD_ROWS; row++)
        for (unsigned i = 0; i < SHARED_HELD_CELLS; i++)
            if (atomic_load_explicit(&own->cells[row][i], memory_order_relaxed))
                atomic_store_explicit(&own->cells[row][i], 0, memory_order_relaxed);
}

static unsigned sum(const struct held *held, unsigned row, uint64_t hash)
{
    unsigned total = 0;

    for (unsigned worker = 0; worker < held->workers; worker++)
        total += atomic_load_explicit(cell(held, worker, row, hash), memory_order_relaxed);
    return total;
}

/* Counted first, so that of two that come at the same moment one at least sees the other. */
bool held_take(const struct held *held, uint64_t hash, unsigned most)
{
    unsigned least = UINT32_MAX;
    bool has_room = true;

    for (unsigned row = 0; row < SHARED_HELD_ROWS; row++) {
        uint16_t before = atomic_fetch_add(cell(held, held->own, row, hash), 1);
        unsigned total = sum(held, row, hash);

        has_room = has_room && before < CELL_MAX;
        least = total < least ? total : least;
    }
    if (has_room && least <= most)
        return true;
    held_give_back(held, hash);
    return false;
}

void held_give_back(const struct held *held, uint64_t hash)
{
    for (unsigned row = 0; row < SHARED_HELD_ROWS; row++)
        atomic_fetch_sub(cell(held, held->own, row, hash), 1);
}
