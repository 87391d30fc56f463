/* SPDX-License-Identifier: MIT */
#include "client/histogram.h"

#include <math.h>

/* Below 128 the time itself; above, the highest bit chooses a row of 64 buckets, the next six bits one of
 * these.
 */
static unsigned bucket_of(uint64_t ns)
{
    unsigned shift;

    if (ns < 2 * HISTOGRAM_SUB)
        return (unsigned)ns;
    if (ns >> HISTOGRAM_BITS)
        return HISTOGRAM_BUCKETS - 1;
    shift = 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_SUB_BITS;
    return shift * HISTOGRAM_SUB + (unsigned)(ns >> shift);
}

static unsigned shift_of(unsigned bucket)
{
    return bucket < 2 * HISTOGRAM_SUB ? 0 : bucket / HISTOGRAM_SUB - 1;
}

static int64_t begin_of(unsigned bucket)
{
    unsigned shift = shift_of(bucket);

    return (int64_t)(bucket - shift * HISTOGRAM_SUB) << shift;
}

static int64_t middle_of(unsigned bucket)
{
    return begin_of(bucket) + ((INT64_C(1) << shift_of(bucket)) >> 1);
}

static void stretch(struct histogram *histogram, int64_t min_ns, int64_t max_ns)
{
    if (histogram->count == 0 || min_ns < histogram->min_ns)
        histogram->min_ns = min_ns;
    if (max_ns > histogram->max_ns)
        histogram->max_ns = max_ns;
}

void histogram_add(struct histogram *histogram, int64_t ns)
{
    if (ns < 0)
        ns = 0;
    stretch(histogram, ns, ns);
    histogram->count++;
    histogram->sum_ns += (double)ns;
    histogram->buckets[bucket_of((uint64_t)ns)]++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    if (other->count == 0)
        return;
    stretch(histogram, other->min_ns, other->max_ns);
    histogram->count += other->count;
    histogram->sum_ns += other->sum_ns;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] += other->buckets[i];
}

static int64_t within(const struct histogram *histogram, int64_t ns)
{
    if (ns < histogram->min_ns)
        return histogram->min_ns;
    return ns > histogram->max_ns ? histogram->max_ns : ns;
}

int64_t histogram_quantile(const struct histogram *histogram, double share)
{
    /* The double 0.9 is a little more than nine tenths: without the tolerance, 0.9 of 10 would be the tenth.
     */
    double wanted = ceil(share * (double)histogram->count * (1 - 1e-12));
    uint64_t rank = wanted > 1 ? (uint64_t)wanted : 1, seen = 0;

    if (rank >= histogram->count)
        return histogram->max_ns;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= rank)
            return within(histogram, middle_of(i));
    }
    return histogram->max_ns;
}

double histogram_mean_ns(const struct histogram *histogram)
{
    return histogram->count ? histogram->sum_ns / (double)histogram->count : 0;
}

bool histogram_next(const struct histogram *histogram, unsigned *position, struct histogram_bucket *bucket)
{
    unsigned i = *position;

    while (i < HISTOGRAM_BUCKETS && histogram->buckets[i] == 0)
        i++;
    *position = i + 1;
    if (i >= HISTOGRAM_BUCKETS)
        return false;
    bucket->from_ns = begin_of(i);
    bucket->to_ns = i + 1 < HISTOGRAM_BUCKETS ? begin_of(i + 1) : histogram->max_ns + 1;
    bucket->count = histogram->buckets[i];
    return true;
}
