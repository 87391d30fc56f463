/* SPDX-License-Identifier: MIT */
/* log_rate: limits how many greetings per second are logged one by one, exactly, for all threads of all
 * workers together. */
#ifndef SOCKGREET_LOG_RATE_H
#define SOCKGREET_LOG_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Shared by all: the second in the upper half, the permits used in it in the lower half. */
struct log_rate {
    _Atomic uint64_t window;
};

/* One thread's part: once a second's permits are used up, it leaves shared memory alone until the next
 * second. */
struct log_rate_user {
    struct log_rate *rate;
    uint32_t per_second;
    uint32_t exhausted; /* the second whose permits are used up */
};

void log_rate_attach(struct log_rate_user *user, struct log_rate *rate, uint32_t per_second);

/* Takes one permit of the second of now_ns (monotonic); false if none is left. */
bool log_rate_take(struct log_rate_user *user, int64_t now_ns);

#endif
