/* SPDX-License-Identifier: MIT */
/* watch: the first member of everything a greeting thread's epoll watches. */
#ifndef SOCKGREET_WATCH_H
#define SOCKGREET_WATCH_H

#include <stdint.h>

struct serve;

struct watch {
    void (*ready)(struct serve *serve, struct watch *watch, uint32_t events);
};

#endif
