/* SPDX-License-Identifier: MIT */
/* histogram: times in nanoseconds, counted in buckets that are at most 1/64 wide, in a fixed amount of
 * memory.
 */
#ifndef SOCKGREET_HISTOGRAM_H
#define SOCKGREET_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6 /* 64 buckets for each doubling: a time is known to 0.8 % */
#define HISTOGRAM_SUB      (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BITS     41 /* 2199 s; longer times are in the last bucket */
#define HISTOGRAM_BUCKETS  ((HISTOGRAM_BITS - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB)

/* All zero to begin with; 19 KB, of which unused buckets are never written. */
struct histogram {
    uint64_t count;
    int64_t min_ns, max_ns; /* exact; 0 while it is empty */
    double sum_ns;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* A bucket that is not empty. */
struct histogram_bucket {
    int64_t from_ns, to_ns; /* to_ns is the first time beyond it */
    uint64_t count;
};

/* Adds one time; a negative one counts as 0. */
void histogram_add(struct histogram *histogram, int64_t ns);

/* Adds everything that other holds. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The shortest time that at least the given share (0 to 1) of all times do not exceed, as the middle of its
 * bucket, and within min and max; 0 if the histogram is empty. */
int64_t histogram_quantile(const struct histogram *histogram, double share);

/* The mean of the times, 0 if there are none. */
double histogram_mean_ns(const struct histogram *histogram);

/* Reads the next bucket that is not empty, from the shortest times up. *position is 0 to begin with. False at
 * the end. */
bool histogram_next(const struct histogram *histogram, unsigned *position, struct histogram_bucket *bucket);

#endif
