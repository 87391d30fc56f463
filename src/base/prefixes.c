/* SPDX-License-Identifier: MIT */
#include "base/prefixes.h"

#include <assert.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 130 /* networks within networks: one of each length, and all addresses */

/* An address as a number; of IPv4 the first 32 bits. */
struct key {
    uint64_t high, low;
};

/* One family's changes, to be searched. */
struct index {
    uint64_t first; /* high word of the first change */
    unsigned shift;
    uint32_t parts;
    const uint32_t *before; /* how many changes lie before each part, and in all */
};

struct changes4 {
    struct index index;
    const uint32_t *at;
};

struct changes6 {
    struct index index;
    const struct key *at;
};

struct prefixes {
    bool otherwise;
    struct changes4 v4;
    struct changes6 v6;
};

static uint32_t read32(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return be32toh(word);
}

static struct key read_key(const uint8_t *bytes)
{
    struct key key;

    memcpy(&key, bytes, sizeof(key));
    return (struct key){be64toh(key.high), be64toh(key.low)};
}

static bool is_before(struct key a, struct key b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* --- Looking up --- */

/* The range of changes in which to search for the last one at or before an address: the number before its end
 * in *to, and its begin as the result. */
static uint32_t search_from(const struct index *index, uint64_t high, uint32_t *to)
{
    uint64_t part = (high - index->first) >> index->shift;

    if (index->parts == 0 || high < index->first)
        return *to = 0;
    if (part >= index->parts)
        return *to = index->before[index->parts];
    *to = index->before[part + 1];
    return index->before[part];
}

static uint32_t changes_up_to4(const struct changes4 *changes, uint32_t address)
{
    uint32_t to, from = search_from(&changes->index, (uint64_t)address << 32, &to);

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (changes->at[middle] <= address)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static uint32_t changes_up_to6(const struct changes6 *changes, struct key address)
{
    uint32_t to, from = search_from(&changes->index, address.high, &to);

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (is_before(address, changes->at[middle]))
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

bool prefixes_admit(const struct prefixes *prefixes, const struct peer_address *client)
{
    uint32_t changes = 0;

    if (client->family == AF_INET)
        changes = changes_up_to4(&prefixes->v4, read32(client->ip));
    else if (client->family == AF_INET6)
        changes = changes_up_to6(&prefixes->v6, read_key(client->ip));
    return prefixes->otherwise != (changes & 1);
}

/* --- Building --- */

/* A network that contains others. */
struct outer {
    struct key last; /* its last address */
    bool admits;
};

struct flattening {
    struct key *changes;
    size_t count;
    bool otherwise;
    struct outer stack[DEPTH_MAX];
    unsigned depth; /* at least 1 */
};

static const struct key all_ones = {UINT64_MAX, UINT64_MAX};

static struct key last_of(const struct prefix *prefix)
{
    struct key key = read_key(prefix->ip);

    if (prefix->length < 64) {
        key.high |= UINT64_MAX >> prefix->length;
        key.low = UINT64_MAX;
    } else if (prefix->length < 128) {
        key.low |= UINT64_MAX >> (prefix->length - 64);
    }
    return key;
}

static bool is_same(struct key a, struct key b)
{
    return a.high == b.high && a.low == b.low;
}

/* From this address on, the verdict is this one. */
static void change_to(struct flattening *f, struct key at, bool admits)
{
    if (f->count > 0 && is_same(f->changes[f->count - 1], at))
        f->count--;
    if ((f->otherwise != (f->count & 1)) != admits)
        f->changes[f->count++] = at;
}

static void leave(struct flattening *f)
{
    struct key next = f->stack[--f->depth].last;

    if (is_same(next, all_ones))
        return;
    next.high += ++next.low == 0;
    change_to(f, next, f->stack[f->depth - 1].admits);
}

static void enter(struct flattening *f, const struct prefix_rule *rule)
{
    struct key first = read_key(rule->prefix.ip);

    while (is_before(f->stack[f->depth - 1].last, first))
        leave(f);
    change_to(f, first, rule->admits);
    assert(f->depth < DEPTH_MAX);
    f->stack[f->depth++] = (struct outer){last_of(&rule->prefix), rule->admits};
}

/* Fills f->changes, which has room for two of each rule, from the rules of one family. */
static void flatten(struct flattening *f, const struct prefix_rule *rules, size_t count)
{
    f->count = 0;
    f->stack[0] = (struct outer){all_ones, f->otherwise};
    f->depth = 1;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || prefix_compare(&rules[i].prefix, &rules[i - 1].prefix) != 0)
            enter(f, &rules[i]);
    while (f->depth > 1)
        leave(f);
}

static bool build_index(struct arena *arena, const struct flattening *f, struct index *index)
{
    uint64_t span;
    uint32_t *before;

    if (f->count == 0)
        return true;
    index->first = f->changes[0].high;
    span = f->changes[f->count - 1].high - index->first;
    while (span >> index->shift >= f->count)
        index->shift++;
    index->parts = (uint32_t)(span >> index->shift) + 1;
    before = arena_alloc(arena, (index->parts + 1) * sizeof(*before));
    for (size_t i = 0; before && i < f->count; i++)
        before[((f->changes[i].high - index->first) >> index->shift) + 1]++;
    for (size_t part = 0; before && part < index->parts; part++)
        before[part + 1] += before[part];
    index->before = before;
    return before;
}

static bool build4(struct arena *arena, const struct flattening *f, struct changes4 *changes)
{
    uint32_t *at = arena_alloc(arena, f->count * sizeof(*at));

    for (size_t i = 0; at && i < f->count; i++)
        at[i] = (uint32_t)(f->changes[i].high >> 32);
    changes->at = at;
    return at && build_index(arena, f, &changes->index);
}

static bool build6(struct arena *arena, const struct flattening *f, struct changes6 *changes)
{
    struct key *at = arena_alloc(arena, f->count * sizeof(*at));

    if (at)
        memcpy(at, f->changes, f->count * sizeof(*at));
    changes->at = at;
    return at && build_index(arena, f, &changes->index);
}

static int compare_rules(const void *a, const void *b)
{
    const struct prefix_rule *one = a, *other = b;
    int order = prefix_compare(&one->prefix, &other->prefix);

    if (order == 0)
        order = one->admits - other->admits;
    return order ? order : (one->entry > other->entry) - (one->entry < other->entry);
}

void prefixes_sort(struct prefix_rule *rules, size_t count)
{
    qsort(rules, count, sizeof(*rules), compare_rules);
}

static size_t count_ipv4(const struct prefix_rule *rules, size_t count)
{
    size_t found = 0;

    while (found < count && rules[found].prefix.family == AF_INET)
        found++;
    return found;
}

const struct prefixes *prefixes_build(struct arena *arena, const struct prefix_rule *rules, size_t count,
                                      bool otherwise)
{
    struct prefixes *prefixes = arena_alloc(arena, sizeof(*prefixes));
    struct flattening f = {.changes = calloc(2 * count + 1, sizeof(*f.changes)), .otherwise = otherwise};
    size_t ipv4 = count_ipv4(rules, count);
    bool good = prefixes && f.changes;

    if (good) {
        prefixes->otherwise = otherwise;
        flatten(&f, rules, ipv4);
        good = build4(arena, &f, &prefixes->v4);
        flatten(&f, rules + ipv4, count - ipv4);
        good = good && build6(arena, &f, &prefixes->v6);
    }
    free(f.changes);
    return good ? prefixes : NULL;
}
