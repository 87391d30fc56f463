/* SPDX-License-Identifier: MIT */
/* histogram: latencies in nanoseconds, in buckets that are exact below 1024 and at most 1/512 wide above. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 9 /* 512 buckets for each doubling */
#define HISTOGRAM_SUB      (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB)

struct histogram {
    uint64_t count, min, max;
    double sum;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Adds one value; a zeroed histogram is empty. */
void histogram_add(struct histogram *histogram, uint64_t value);

/* Adds all that other holds. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The smallest value that at least the given share (0 to 1) of all values does not exceed, as the middle of
 * its bucket, and within what was seen; 0 if the histogram is empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

double histogram_mean(const struct histogram *histogram);

#endif
