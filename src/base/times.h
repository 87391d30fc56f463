/* SPDX-License-Identifier: MIT */
/* times: how long something took, in ranges whose ends are powers of four from 10 us to 10.5 s. */
#ifndef SOCKGREET_TIMES_H
#define SOCKGREET_TIMES_H

#include <stdint.h>

#define TIMES          12 /* ranges; the last has no end */
#define TIMES_FIRST_NS INT64_C(10000)

/* The range that a time is in; its end belongs to it. */
static inline unsigned times_range(int64_t ns)
{
    uint64_t whole;
    unsigned range;

    if (ns <= TIMES_FIRST_NS)
        return 0;
    whole = (uint64_t)(ns - 1) / TIMES_FIRST_NS;
    range = (65 - (unsigned)__builtin_clzll(whole)) / 2;
    return range < TIMES ? range : TIMES - 1;
}

/* Where a range ends, in seconds; of those that have an end. */
static inline double times_end(unsigned range)
{
    return (double)(TIMES_FIRST_NS << 2 * range) / 1e9;
}

#endif
