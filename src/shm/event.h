/* SPDX-License-Identifier: MIT */
/* event: something that happened to the service, as it lies in a ring on its way to a logger. */
#ifndef SOCKGREET_EVENT_H
#define SOCKGREET_EVENT_H

#include <stdint.h>

#define EVENT_SIZE 1024

/* An event in a ring: the message, then KEY=VALUE fields, each ended by a NUL, an empty one last. */
struct event {
    uint8_t level; /* LOG_ERR .. LOG_DEBUG */
    char message_id[33];
    char text[EVENT_SIZE - 34];
};

#endif
