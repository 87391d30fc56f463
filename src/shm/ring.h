/* SPDX-License-Identifier: MIT */
/* ring: a lock-free queue of fixed-size elements in shared memory, one producer and one consumer.
 *
 * Positions count every element ever published and released, so a successor on either side continues where
 * the last one stopped. While one consumer replaces another, two may be active: each element is released
 * once, but both may have read it. */
#ifndef SOCKGREET_RING_H
#define SOCKGREET_RING_H

#include "base/util.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The shared part: only counters. */
struct ring_state {
    _Alignas(CACHE_LINE) _Atomic uint64_t published;
    _Alignas(CACHE_LINE) _Atomic uint64_t released;
};

/* The private part, a copy in each process. */
struct ring {
    struct ring_state *state;
    char *elements;
    uint32_t capacity; /* a power of two */
    uint32_t size;     /* of an element */
};

/* Bytes of zeroed, cache-line aligned shared memory that a ring needs. */
size_t ring_memory(uint32_t capacity, uint32_t size);

/* Makes ring use memory; capacity must be a power of two. */
void ring_attach(struct ring *ring, void *memory, uint32_t capacity, uint32_t size);

/* Producer: the next free element, or NULL when the ring is full. It becomes visible with ring_publish(). */
void *ring_reserve(const struct ring *ring);
void ring_publish(const struct ring *ring);

/* The index of an element, below capacity: for an array beside the ring with more data of it. */
uint32_t ring_index(const struct ring *ring, const void *element);

/* Consumer: the oldest element and its position, or NULL when the ring is empty or its positions are invalid.
 * It stays until ring_release(). */
const void *ring_peek(const struct ring *ring, uint64_t *position);

/* Whether the element at position has not been released, so that a copy of it is whole. */
bool ring_holds(const struct ring *ring, uint64_t position);

/* Releases the element at position, unless another consumer has. Returns whether this call did. */
bool ring_release(const struct ring *ring, uint64_t position);

/* Consumer: empties a ring whose positions are invalid, since it would hold more than fits. Returns whether
 * it did; the content is lost. */
bool ring_repair(const struct ring *ring);

/* How many elements were ever published, and ever released. */
uint64_t ring_published(const struct ring *ring);
uint64_t ring_released(const struct ring *ring);

#endif
