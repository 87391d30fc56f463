/* SPDX-License-Identifier: MIT */
/* option: socket options that are an int. */
#ifndef SOCKGREET_OPTION_H
#define SOCKGREET_OPTION_H

#include <stdbool.h>
#include <sys/socket.h>

/* Both return false with errno. */
static inline bool option_get(int fd, int level, int name, int *value)
{
    return getsockopt(fd, level, name, value, &(socklen_t){sizeof(*value)}) == 0;
}

static inline bool option_set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

#endif
