/* SPDX-License-Identifier: MIT */
/* room: an arena that is not mapped anew for each input. There is one at a time. */
#ifndef SOCKGREET_TEST_ROOM_H
#define SOCKGREET_TEST_ROOM_H

#include "base/arena.h"
#include "fuzz.h"

#include <stddef.h>

static inline struct arena room_open(void)
{
    static _Alignas(max_align_t) char room[1 << 20];

    return (struct arena){.base = room, .size = sizeof(room)};
}

static inline void room_close(struct arena *arena)
{
    memset(arena->base, 0, arena->used);
}

#endif
