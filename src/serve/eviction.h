/* SPDX-License-Identifier: MIT */
/* eviction: which client is closed to make room for a new one when the limit of connections is reached. */
#ifndef SOCKGREET_EVICTION_H
#define SOCKGREET_EVICTION_H

#include "serve/conn.h"

/* Lists of timers, the oldest first; NULL if no listener has such clients. */
struct eviction {
    struct timer_list *lingering; /* clients that linger, by conn->total */
    struct timer_list *held;      /* clients of listeners with end = "hold", by conn->idle */
    struct timer_list *silent;    /* clients that have not sent their request yet, by conn->idle */
};

/* The client to close; NULL: none. */
struct conn *eviction_choose(const struct eviction *eviction, int64_t now);

#endif
