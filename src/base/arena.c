/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

int arena_open(struct arena *arena, size_t size)
{
    size = round_up(size, page_size());
    /* The size is a limit, not an estimate, so nothing is set aside for pages that are never touched. */
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (base == MAP_FAILED)
        return -errno;
    *arena = (struct arena){.base = base, .size = size};
    return 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t start = round_up(arena->used, alignof(max_align_t));

    if (start > arena->size || size > arena->size - start)
        return NULL;
    arena->used = start + size;
    return arena->base + start; /* fresh anonymous pages are zero, and memory is never returned */
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    if (copy)
        memcpy(copy, bytes, length);
    return copy;
}

/* Replaces the shared pages with a copy that is private to each process. */
static int make_private(char *base, size_t size)
{
    char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (copy == MAP_FAILED)
        return -errno;
    memcpy(copy, base, size);
    if (mprotect(copy, size, PROT_READ) == 0 &&
        mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, base) != MAP_FAILED)
        return 0;
    munmap(copy, size);
    return -errno;
}

int arena_seal(struct arena *arena)
{
    char *base = arena->base;
    size_t size = arena->size;
    size_t keep = round_up(arena->used ? arena->used : 1, page_size());

    /* *arena may lie in the arena itself, so it is written before the pages become read-only. */
    arena->size = keep;
    if (keep < size && munmap(base + keep, size - keep) < 0)
        return -errno;
    return make_private(base, keep);
}

void arena_close(struct arena *arena)
{
    struct arena gone = *arena; /* *arena may lie in the arena itself */

    if (gone.base)
        munmap(gone.base, gone.size);
}
