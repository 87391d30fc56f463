/* SPDX-License-Identifier: MIT */
/* event: an event of the service as it is stored in a ring for a logger. */
#ifndef SOCKGREET_EVENT_H
#define SOCKGREET_EVENT_H

#include <stdint.h>

#define EVENT_SIZE 1024

/* An event in a ring: the message, then KEY=VALUE fields, each ended by a NUL, with an empty one at the
 * end. */
struct event {
    uint8_t level; /* LOG_ERR .. LOG_DEBUG */
    char message_id[33];
    char text[EVENT_SIZE - 34];
};

#endif
