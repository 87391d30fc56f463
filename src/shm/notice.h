/* SPDX-License-Identifier: MIT */
/* notice: what the master tells all workers while they serve: the state of the service.
 *
 * A sequence lock in shared memory: one writes, and the others read without waiting for it. */
#ifndef SOCKGREET_NOTICE_H
#define SOCKGREET_NOTICE_H

#include "base/state.h"

#include <stdatomic.h>
#include <stdint.h>

#define NOTICE_WORDS ((sizeof(struct state) + sizeof(uint64_t) - 1) / sizeof(uint64_t))

/* Zeroed memory is one that says nothing. */
struct notice {
    _Atomic uint32_t sequence; /* odd while it is written */
    _Atomic uint64_t words[NOTICE_WORDS];
};

/* For the one that writes. */
void notice_post(struct notice *notice, const struct state *state);

/* Brings a copy up to date; *seen is the sequence of what it has, 0 at first. A notice that is being written
 * leaves both as they are: what stood there before holds until it is whole. */
void notice_read(const struct notice *notice, uint32_t *seen, struct state *state);

#endif
