/* SPDX-License-Identifier: MIT */
/* statistics: how many requests were answered, and how fast. */
#ifndef SOCKGREET_STATISTICS_H
#define SOCKGREET_STATISTICS_H

#include <stdint.h>

/* All zero to begin with. */
struct statistics {
    uint64_t sent;
    uint64_t answered;
    int64_t min_ns; /* 0 until something was answered, as the others */
    int64_t max_ns;
    double average_ns;
    double squares; /* of the distances to the average, added up */
};

/* Counts a request that got no answer. */
void statistics_add_loss(struct statistics *statistics);

/* Counts a request that was answered after so many nanoseconds. */
void statistics_add_answer(struct statistics *statistics, int64_t nanoseconds);

/* The standard deviation of the times, which ping calls mdev. */
double statistics_mdev_ns(const struct statistics *statistics);

/* Requests without an answer in percent of those sent; 0 if none was sent. */
double statistics_loss_percent(const struct statistics *statistics);

#endif
