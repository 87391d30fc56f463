/* SPDX-License-Identifier: MIT */
#include "service/quotes.h"

#define SECONDS_A_DAY 86400

const struct quote *quotes_of_the_day(const struct quotes *quotes, time_t second)
{
    uint64_t day = second > 0 ? (uint64_t)second / SECONDS_A_DAY : 0;

    return &quotes->list[day % quotes->count];
}

/* SplitMix64 (Steele, Lea, Flood 2014), indexed by the speaker's request number, so that no state is needed.
 */
static uint64_t mix(uint64_t seed, uint64_t step)
{
    uint64_t x = seed + step * UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

const struct quote *quotes_random(const struct quotes *quotes, uint64_t speaker, uint64_t request)
{
    return &quotes->list[mix(speaker, request) % quotes->count];
}
