/* SPDX-License-Identifier: MIT */
/* snapshot: a value in shared memory that one process writes now and then, and others read whole.
 *
 * There are two copies: readers use the last one that is complete while the writer fills the other. Neither
 * waits for the other, even if that one dies. */
#ifndef SOCKGREET_SNAPSHOT_H
#define SOCKGREET_SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_SIZE (320 * 1024) /* bytes of a value at most; unwritten pages take no memory */

/* Begins zeroed. */
struct snapshot {
    _Atomic uint64_t version;  /* of the last value, whose copy is given by its lowest bit; 0: none */
    _Atomic uint64_t words[2]; /* length of each copy */
    _Atomic uint64_t copies[2][SNAPSHOT_SIZE / sizeof(uint64_t)];
};

/* Writes a value, whose size is a multiple of 8; a value that is too large is cut. */
void snapshot_write(struct snapshot *snapshot, const void *value, size_t size);

/* A different number for each value; 0: none. */
uint64_t snapshot_version(const struct snapshot *snapshot);

/* Reads the last value, as far as it fits into size bytes. Returns its size; 0 if there is none, or if the
 * writer is always faster. */
size_t snapshot_read(const struct snapshot *snapshot, void *value, size_t size);

#endif
