/* SPDX-License-Identifier: MIT */
/* arena: a bump allocator in one anonymous mapping, shared until it is sealed, so that a forked child can
 * build a value for its parent. */
#ifndef SOCKGREET_ARENA_H
#define SOCKGREET_ARENA_H

#include <stddef.h>

struct arena {
    char *base;
    size_t size;
    size_t used;
};

/* Maps size bytes, shared with children forked later. Returns 0 or -errno. */
int arena_open(struct arena *arena, size_t size);

/* Zeroed, suitably aligned memory; NULL when the arena is full. */
void *arena_alloc(struct arena *arena, size_t size);

/* A terminated copy of length bytes; NULL when the arena is full. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

/* Unmaps the unused part and makes the rest read-only and private, at the same addresses: a process that
 * inherits it and makes it writable again changes only its own copy. Returns 0 or -errno. */
int arena_seal(struct arena *arena);

/* Unmaps the arena, which may contain *arena itself. */
void arena_close(struct arena *arena);

#endif
