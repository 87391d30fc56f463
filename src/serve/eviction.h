/* SPDX-License-Identifier: MIT */
/* eviction: clients who give way to others where every place is taken. */
#ifndef SOCKGREET_LEAVERS_H
#define SOCKGREET_LEAVERS_H

#include "serve/conn.h"

/* Lists of timers, the oldest first; NULL where no listener has such clients. */
struct eviction {
    struct timer_list *lingering; /* who linger, by conn->total */
    struct timer_list *held;      /* who are held in place of that, by conn->idle */
    struct timer_list *silent;    /* who have not asked yet, by conn->idle */
};

/* Whose place a client that waits may have; NULL: nobody's. */
struct conn *eviction_choose(const struct eviction *eviction, int64_t now);

#endif
