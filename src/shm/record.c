/* SPDX-License-Identifier: MIT */
#include "shm/record.h"

#define TIMES_MASK ((UINT64_C(1) << 40) - 1)

void record_set_times(struct record *record, int64_t arrived_ns, int64_t ended_ns)
{
    uint64_t ended = (uint64_t)ended_ns / NS_PER_US, duration = ended - (uint64_t)arrived_ns / NS_PER_US;

    record->ended_us = ended & TIMES_MASK;
    record->duration_us = duration < TIMES_MASK ? duration : TIMES_MASK;
}

void record_times(const struct record *record, int64_t now_ns, int64_t *arrived_ns, int64_t *duration_ns)
{
    uint64_t now = (uint64_t)now_ns / NS_PER_US, ago = (now - record->ended_us) & TIMES_MASK;

    *duration_ns = (int64_t)record->duration_us * NS_PER_US; /* a cast first: 40 bits would overflow */
    *arrived_ns = (int64_t)((now - ago) * NS_PER_US) - *duration_ns;
}
