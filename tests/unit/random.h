/* SPDX-License-Identifier: MIT */
/* random: repeatable randomness for tests; TEST_SEED chooses the seed, which is printed. */
#ifndef SOCKGREET_TEST_RANDOM_H
#define SOCKGREET_TEST_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t random_seed(void)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

    printf("TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed ? seed : 1;
}

/* xorshift64 (Marsaglia 2003). */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
