/* SPDX-License-Identifier: MIT */
/* times: durations, in ranges whose ends grow by a factor of four from 10 us to 10.5 s. */
#ifndef SOCKGREET_TIMES_H
#define SOCKGREET_TIMES_H

#include <stdint.h>

#define TIMES          12 /* ranges; the last has no end */
#define TIMES_FIRST_NS INT64_C(10000)

/* The range that a duration is in; a range includes its end. */
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

/* The end of a range in seconds; the last range has none. */
static inline double times_end(unsigned range)
{
    return (double)(TIMES_FIRST_NS << 2 * range) / 1e9;
}

#endif
