/* SPDX-License-Identifier: MIT */
#include "shm/ring.h"

#include <assert.h>

size_t ring_memory(uint32_t capacity, uint32_t size)
{
    size_t bytes = sizeof(struct ring_state) + (size_t)capacity * size;

    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

void ring_attach(struct ring *ring, void *memory, uint32_t capacity, uint32_t size)
{
    assert(capacity && (capacity & (capacity - 1)) == 0);
    ring->state = memory;
    ring->elements = (char *)memory + sizeof(struct ring_state);
    ring->capacity = capacity;
    ring->size = size;
}

static char *element(const struct ring *ring, uint64_t position)
{
    return ring->elements + (size_t)(position & (ring->capacity - 1)) * ring->size;
}

void *ring_reserve(const struct ring *ring)
{
    uint64_t published = atomic_load_explicit(&ring->state->published, memory_order_relaxed);
    uint64_t released = atomic_load_explicit(&ring->state->released, memory_order_acquire);

    /* The other side's counter is not trusted: a nonsensical one reads as "full". */
    return published - released < ring->capacity ? element(ring, published) : NULL;
}

uint32_t ring_index(const struct ring *ring, const void *element)
{
    return (uint32_t)((size_t)((const char *)element - ring->elements) / ring->size);
}

void ring_publish(const struct ring *ring)
{
    uint64_t published = atomic_load_explicit(&ring->state->published, memory_order_relaxed);

    /* Sequentially consistent, so that the producer sees a reader that went to sleep before it saw this
     * element (log_wake). */
    atomic_store(&ring->state->published, published + 1);
}

const void *ring_peek(const struct ring *ring, uint64_t *position)
{
    uint64_t released = atomic_load_explicit(&ring->state->released, memory_order_relaxed);
    uint64_t published = atomic_load(&ring->state->published);

    *position = released;
    return published != released && published - released <= ring->capacity ? element(ring, released) : NULL;
}

bool ring_holds(const struct ring *ring, uint64_t position)
{
    /* An addition of 0: a plain load could be reordered before the copy. */
    return atomic_fetch_add_explicit(&ring->state->released, 0, memory_order_acq_rel) == position;
}

bool ring_release(const struct ring *ring, uint64_t position)
{
    return atomic_compare_exchange_strong_explicit(&ring->state->released, &position, position + 1,
                                                   memory_order_release, memory_order_relaxed);
}

bool ring_repair(const struct ring *ring)
{
    uint64_t released = atomic_load_explicit(&ring->state->released, memory_order_relaxed);
    uint64_t published = atomic_load_explicit(&ring->state->published, memory_order_relaxed);

    return published - released > ring->capacity &&
           atomic_compare_exchange_strong(&ring->state->published, &published, released);
}

uint64_t ring_published(const struct ring *ring)
{
    return atomic_load_explicit(&ring->state->published, memory_order_relaxed);
}

uint64_t ring_released(const struct ring *ring)
{
    return atomic_load_explicit(&ring->state->released, memory_order_relaxed);
}
