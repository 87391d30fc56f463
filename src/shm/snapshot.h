/* SPDX-License-Identifier: MIT */
/* snapshot: a value that one process writes now and then and others read whole, in shared memory.
 *
 * There are two copies: readers have the last one that is complete, the writer makes the next one meanwhile.
 * Neither waits for the other, even if that one dies. */
#ifndef SOCKGREET_SNAPSHOT_H
#define SOCKGREET_SNAPSHOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_SIZE (320 * 1024) /* of a value at most; pages that nobody writes to take no memory */

/* Begins zeroed. */
struct snapshot {
    _Atomic uint64_t version;  /* of the last value, whose copy its lowest bit tells; 0: there is none */
    _Atomic uint64_t words[2]; /* that each copy has */
    _Atomic uint64_t copies[2][SNAPSHOT_SIZE / sizeof(uint64_t)];
};

/* Writes a value, whose size is a multiple of 8; what is beyond the room is cut. */
void snapshot_write(struct snapshot *snapshot, const void *value, size_t size);

/* Another one for each value; 0: there is none. */
uint64_t snapshot_version(const struct snapshot *snapshot);

/* Reads the last one, as far as it fits into size bytes. Returns its size; 0 if there is none, or if the
 * writer is always faster. */
size_t snapshot_read(const struct snapshot *snapshot, void *value, size_t size);

#endif
