/* SPDX-License-Identifier: MIT */
#include "guard/fuse.h"

#include "base/util.h"

/* The value: a time whose lowest bits are the count. */
#define COUNT_BITS 12
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)
#define US_PER_S   INT64_C(1000000)
#define CLOCKS     60 /* seconds that one thread's clock can be behind another's: far more than ever happens */

_Static_assert(FUSE_FIRST + FUSE_PERIOD <= COUNT_MASK, "a count has room for a whole period");

static uint64_t count_of(uint64_t before, uint64_t now)
{
    int64_t ahead;

    if (before == TABLE_NONE)
        return 0;
    ahead = table_ahead(before, now); /* slightly, of another thread's clock; otherwise it is from days ago */
    if (ahead < -FUSE_PAUSE * US_PER_S || ahead > CLOCKS * US_PER_S)
        return 0;
    return before & COUNT_MASK;
}

static uint64_t count_one(uint64_t before, uint64_t now, void *context)
{
    bool *allowed = context;
    uint64_t count = count_of(before, now) + 1;

    *allowed = count != FUSE_FIRST && count != FUSE_FIRST + FUSE_PERIOD;
    if (count == FUSE_FIRST + FUSE_PERIOD)
        count = FUSE_FIRST;
    return (now & ~COUNT_MASK) | count;
}

bool fuse_allows(const struct table *table, const struct peer_address *client, int64_t now_ns)
{
    bool allowed = true;

    if (client->port < FUSE_PORTS)
        table_update(table, table_hash(table, client, sizeof(*client)), (uint64_t)now_ns / NS_PER_US,
                     count_one, &allowed);
    return allowed;
}
