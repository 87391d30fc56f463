/* SPDX-License-Identifier: MIT */
/* talkers: how many clients were refused, and from which sources most of them came.
 *
 * A thread counts by itself and now and then hands its counts over to a board in shared memory, from which a
 * logger takes them all. Of many sources the most frequent are kept (the "space-saving" algorithm of
 * Metwally, Agrawal and El Abbadi, 2005): a count may include that of a less frequent source, and is never
 * too small. */
#ifndef SOCKGREET_TALKERS_H
#define SOCKGREET_TALKERS_H

#include "base/peer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TALKERS 8

struct talker {
    struct peer_address source; /* the port is ignored */
    uint64_t count;             /* 0: not in use */
};

struct talkers {
    uint64_t count; /* of all */
    struct talker list[TALKERS];
};

/* Shared by all processes; zeroed memory is an empty board. A process that uses it for longer than a second
 * was killed meanwhile, and the next one proceeds. */
struct talkers_board {
    _Atomic int64_t used_since; /* monotonic ns; 0: not in use */
    _Atomic int64_t taken_at;   /* monotonic ns: when it was last emptied */
    struct talkers talkers;
};

void talkers_add(struct talkers *talkers, const struct peer_address *source, uint64_t count);

/* The most frequent source; NULL if there is none. */
const struct talker *talkers_top(const struct talkers *talkers);

/* Moves the counts to the board, unless it is in use. Returns whether it did. */
bool talkers_hand_over(struct talkers *talkers, struct talkers_board *board, int64_t now);

/* Takes the counts from the board, unless that was done less than an interval ago. Returns whether there were
 * any. */
bool talkers_take(struct talkers *talkers, struct talkers_board *board, int64_t interval, int64_t now);

#endif
