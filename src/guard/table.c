/* SPDX-License-Identifier: MIT */
#include "guard/table.h"

#define WAYS     8 /* words of a bucket, which is a cache line */
#define TAG_MASK UINT64_C(0xffffff)
#define FUTURE   INT64_C(7200000000) /* us; no value is two hours ahead, so that is one of days ago */

uint64_t table_hash(const struct table *table, const void *source, size_t length)
{
    return siphash(&table->key, source, length);
}

int64_t table_ahead(uint64_t value, uint64_t now_us)
{
    uint64_t ahead = (value - now_us) << (64 - TABLE_VALUE_BITS);

    return (int64_t)ahead >> (64 - TABLE_VALUE_BITS); /* keeps the sign */
}

/* The hash's upper bits; never 0, which marks an empty entry. */
static uint64_t tag_of(uint64_t hash)
{
    uint64_t tag = hash >> TABLE_VALUE_BITS & TAG_MASK;

    return tag ? tag : 1;
}

static uint64_t entry_tag(uint64_t entry)
{
    return entry >> TABLE_VALUE_BITS;
}

/* The rank of an entry: the lowest is replaced first; an empty one ranks lowest. */
static int64_t replacement_rank(uint64_t entry, uint64_t now_us)
{
    int64_t ahead = table_ahead(entry, now_us);

    return entry == 0 || ahead > FUTURE ? INT64_MIN : ahead;
}

/* The entry with this tag, or the one to replace; *seen is its word. */
static _Atomic uint64_t *find(_Atomic uint64_t *bucket, uint64_t tag, uint64_t now_us, uint64_t *seen)
{
    _Atomic uint64_t *earliest = NULL;
    int64_t least = INT64_MAX;

    for (int i = 0; i < WAYS; i++) {
        uint64_t entry = atomic_load_explicit(&bucket[i], memory_order_relaxed);
        int64_t ahead = replacement_rank(entry, now_us);

        if (entry_tag(entry) != tag && ahead >= least)
            continue;
        earliest = &bucket[i];
        *seen = entry;
        least = ahead;
        if (entry_tag(entry) == tag)
            break;
    }
    return earliest;
}

void table_update(const struct table *table, uint64_t hash, uint64_t now_us, table_renew *renew,
                  void *context)
{
    _Atomic uint64_t *bucket = &table->words[(hash & (table->count / WAYS - 1)) * WAYS];
    uint64_t tag = tag_of(hash), seen = 0, value;
    _Atomic uint64_t *entry;

    do {
        entry = find(bucket, tag, now_us, &seen);
        value = renew(entry_tag(seen) == tag ? seen & TABLE_VALUE_MASK : TABLE_NONE, now_us, context);
        value = tag << TABLE_VALUE_BITS | (value & TABLE_VALUE_MASK);
    } while (!atomic_compare_exchange_weak_explicit(entry, &seen, value, memory_order_relaxed,
                                                    memory_order_relaxed));
}
