/* SPDX-License-Identifier: MIT */
/* table: memory of sources for all workers together, of a fixed size in shared memory, without a lock.
 *
 * An entry is a word: 24 bits of the source's hash, and 40 bits of value: a time in microseconds, whose
 * lowest bits may hold other data. If there is no room, the entry with the earliest time is replaced, so a
 * value whose time is over may be lost, and should have no meaning by then. */
#ifndef SOCKGREET_TABLE_H
#define SOCKGREET_TABLE_H

#include "guard/siphash.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Each process's own view. */
struct table {
    _Atomic uint64_t *words; /* shared, and aligned to a cache line; zeroed memory is an empty table */
    size_t count;            /* of words: a power of two, and at least 8 */
    struct siphash_key key;  /* the same in all processes */
};

/* Computes the new value: before is the old one, or TABLE_NONE; now is in microseconds. May be called several
 * times for one update. */
typedef uint64_t table_renew(uint64_t before, uint64_t now, void *context);

#define TABLE_VALUE_BITS 40
#define TABLE_VALUE_MASK ((UINT64_C(1) << TABLE_VALUE_BITS) - 1)
#define TABLE_NONE       UINT64_MAX

/* The hash of a source, or of any other key; bytes without padding. */
uint64_t table_hash(const struct table *table, const void *source, size_t length);

/* Renews the value for this hash. */
void table_update(const struct table *table, uint64_t hash, uint64_t now_us, table_renew *renew,
                  void *context);

/* How far a value's time is ahead of now (us); negative if it is past. Correct for six days in both
 * directions. */
int64_t table_ahead(uint64_t value, uint64_t now_us);

#endif
