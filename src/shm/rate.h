/* SPDX-License-Identifier: MIT */
/* log_rate: how many greetings a second are written one by one, exactly, for all threads of all workers
 * together. */
#ifndef SOCKGREET_LOG_RATE_H
#define SOCKGREET_LOG_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Shared by all: the second in the upper half, permits used in it in the lower. */
struct log_rate {
    _Atomic uint64_t window;
};

/* A thread's own: once a second's permits are gone, shared memory is not touched until the next. */
struct log_rate_user {
    struct log_rate *rate;
    uint32_t per_second;
    uint32_t exhausted; /* the second in which none was left */
};

void log_rate_attach(struct log_rate_user *user, struct log_rate *rate, uint32_t per_second);

/* Takes one permit of the second that now_ns (monotonic) lies in; false if none is left. */
bool log_rate_take(struct log_rate_user *user, int64_t now_ns);

#endif
