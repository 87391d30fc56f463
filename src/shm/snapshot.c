/* SPDX-License-Identifier: MIT */
#include "shm/snapshot.h"

#include <string.h>

#define ATTEMPTS 16

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Each word is released and acquired by itself, so that a reader that has seen one of the next value also
 * sees the version before it. */
void snapshot_write(struct snapshot *snapshot, const void *value, size_t size)
{
    uint64_t next = atomic_load(&snapshot->version) + 1, word;
    _Atomic uint64_t *copy = snapshot->copies[next % 2];
    size_t count = least(size, SNAPSHOT_SIZE) / sizeof(word);

    atomic_store_explicit(&snapshot->words[next % 2], count, memory_order_release);
    for (size_t i = 0; i < count; i++) {
        memcpy(&word, (const char *)value + i * sizeof(word), sizeof(word));
        atomic_store_explicit(&copy[i], word, memory_order_release);
    }
    atomic_store(&snapshot->version, next);
}

uint64_t snapshot_version(const struct snapshot *snapshot)
{
    return atomic_load(&snapshot->version);
}

static size_t read_copy(const struct snapshot *snapshot, uint64_t version, char *value, size_t size)
{
    const _Atomic uint64_t *copy = snapshot->copies[version % 2];
    size_t count = atomic_load_explicit(&snapshot->words[version % 2], memory_order_acquire);

    count = least(count, least(size, SNAPSHOT_SIZE) / sizeof(uint64_t));
    for (size_t i = 0; i < count; i++) {
        uint64_t word = atomic_load_explicit(&copy[i], memory_order_acquire);

        memcpy(value + i * sizeof(word), &word, sizeof(word));
    }
    return count * sizeof(uint64_t);
}

size_t snapshot_read(const struct snapshot *snapshot, void *value, size_t size)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        uint64_t version = atomic_load(&snapshot->version);
        size_t length = version ? read_copy(snapshot, version, value, size) : 0;

        if (atomic_load(&snapshot->version) == version)
            return length;
    }
    return 0;
}
