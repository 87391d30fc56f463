/* SPDX-License-Identifier: MIT */
/* table: what is remembered of sources, by all workers together, in shared memory of fixed size, without a
 * lock.
 *
 * An entry is a word: 24 bits of the source's hash, and 40 bits of value, which are a time in microseconds;
 * what else a user keeps is in the lowest bits. Where there is no room the entry whose time is the earliest
 * gives way, so a value whose time is over may be lost, and should say nothing by then. */
#ifndef SOCKGREET_TABLE_H
#define SOCKGREET_TABLE_H

#include "guard/siphash.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Each process's own view of it. */
struct table {
    _Atomic uint64_t *words; /* shared, and aligned to a cache line; zeroed memory is an empty table */
    size_t count;            /* of words: a power of two, and at least 8 */
    struct siphash_key key;  /* the same in all processes */
};

/* Makes the value anew: before is what it was, or TABLE_NONE; now is in microseconds. May be called several
 * times for one update. */
typedef uint64_t table_renew(uint64_t before, uint64_t now, void *context);

#define TABLE_VALUE_BITS 40
#define TABLE_VALUE_MASK ((UINT64_C(1) << TABLE_VALUE_BITS) - 1)
#define TABLE_NONE       UINT64_MAX

/* Of a source, or whatever it is that is remembered; bytes without padding. */
uint64_t table_hash(const struct table *table, const void *source, size_t length);

/* Renews the value for this hash. */
void table_update(const struct table *table, uint64_t hash, uint64_t now_us, table_renew *renew,
                  void *context);

/* How far a value's time is ahead of now (us); negative if it is past. Right for six days in both directions.
 */
int64_t table_ahead(uint64_t value, uint64_t now_us);

#endif
