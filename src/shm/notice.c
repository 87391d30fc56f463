/* SPDX-License-Identifier: MIT */
#include "shm/notice.h"

#include <string.h>

/* Words are stored with release and loaded with acquire: a reader that has seen a word of a newer notice also
 * sees that the sequence has changed. */

void notice_post(struct notice *notice, const struct state *state)
{
    uint32_t sequence = atomic_load_explicit(&notice->sequence, memory_order_relaxed);
    uint64_t words[NOTICE_WORDS] = {0};

    memcpy(words, state, sizeof(*state));
    atomic_store_explicit(&notice->sequence, sequence + 1, memory_order_relaxed);
    for (size_t i = 0; i < NOTICE_WORDS; i++)
        atomic_store_explicit(&notice->words[i], words[i], memory_order_release);
    atomic_store_explicit(&notice->sequence, sequence + 2, memory_order_release);
}

void notice_read(const struct notice *notice, uint32_t *seen, struct state *state)
{
    uint32_t sequence = atomic_load_explicit(&notice->sequence, memory_order_acquire);
    uint64_t words[NOTICE_WORDS];

    if (sequence == *seen || sequence % 2)
        return;
    for (size_t i = 0; i < NOTICE_WORDS; i++)
        words[i] = atomic_load_explicit(&notice->words[i], memory_order_acquire);
    if (atomic_load_explicit(&notice->sequence, memory_order_relaxed) != sequence)
        return;
    memcpy(state, words, sizeof(*state));
    *seen = sequence;
}
