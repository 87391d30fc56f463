/* SPDX-License-Identifier: MIT */
#include "shm/log_rate.h"

#include "base/util.h"

void log_rate_attach(struct log_rate_user *user, struct log_rate *rate, uint32_t per_second)
{
    user->rate = rate;
    user->per_second = per_second;
    user->exhausted = UINT32_MAX;
}

bool log_rate_take(struct log_rate_user *user, int64_t now_ns)
{
    uint32_t second = (uint32_t)(now_ns / NS_PER_S);
    uint64_t window, next;

    if (user->exhausted == second)
        return false;
    window = atomic_load_explicit(&user->rate->window, memory_order_relaxed);
    do {
        /* Threads read their clocks at different times: one that is slightly behind takes from the newer
         * second. */
        uint32_t current = (uint32_t)(window >> 32);
        uint32_t used = (int32_t)(second - current) > 0 ? 0 : (uint32_t)window;

        if ((int32_t)(second - current) > 0)
            current = second;
        if (used >= user->per_second) {
            user->exhausted = second;
            return false;
        }
        next = (uint64_t)current << 32 | (used + 1);
    } while (!atomic_compare_exchange_weak_explicit(&user->rate->window, &window, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}
