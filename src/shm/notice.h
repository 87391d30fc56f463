/* SPDX-License-Identifier: MIT */
/* notice: the state of the service, which the master tells all workers while they serve.
 *
 * A sequence lock in shared memory: one process writes, and the others read without waiting for it. */
#ifndef SOCKGREET_NOTICE_H
#define SOCKGREET_NOTICE_H

#include "base/state.h"

#include <stdatomic.h>
#include <stdint.h>

#define NOTICE_WORDS ((sizeof(struct state) + sizeof(uint64_t) - 1) / sizeof(uint64_t))

/* Zeroed memory is an empty notice. */
struct notice {
    _Atomic uint32_t sequence; /* odd while it is written */
    _Atomic uint64_t words[NOTICE_WORDS];
};

/* To be called by the one writer. */
void notice_post(struct notice *notice, const struct state *state);

/* Updates a copy; *seen is the sequence of its content, 0 at first. While a notice is being written both stay
 * unchanged: the previous one is in effect until it is complete. */
void notice_read(const struct notice *notice, uint32_t *seen, struct state *state);

#endif
