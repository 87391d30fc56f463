/* SPDX-License-Identifier: MIT */
/* util: the few helpers that every module needs. */
#ifndef SOCKGREET_UTIL_H
#define SOCKGREET_UTIL_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define NS_PER_S          INT64_C(1000000000)
#define NS_PER_MS         INT64_C(1000000)
#define NS_PER_US         INT64_C(1000)
#define CACHE_LINE        64

/* The containing object of an embedded member. */
#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* "s" unless there is one: "1 worker", "2 workers". */
static inline const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline int64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Closes *fd if it is open and marks it closed; keeps errno. */
static inline void close_fd(int *fd)
{
    if (*fd >= 0) {
        int saved = errno;
        close(*fd);
        errno = saved;
        *fd = -1;
    }
}

#endif
