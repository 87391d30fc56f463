/* SPDX-License-Identifier: MIT */
/* talkers: how many clients were refused, and whose they were for the most part.
 *
 * A thread counts for itself and hands over to a board in shared memory now and then, from which a logger
 * takes it all. Of many sources the loudest are kept (the "space-saving" algorithm of Metwally, Agrawal and
 * El Abbadi, 2005): a count may be too great by that of a quieter source, and is never too small. */
#ifndef SOCKGREET_TALKERS_H
#define SOCKGREET_TALKERS_H

#include "base/peer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TALKERS 8

struct talker {
    struct peer_address source; /* whatever its port */
    uint64_t count;             /* 0: not in use */
};

struct talkers {
    uint64_t count; /* of all */
    struct talker list[TALKERS];
};

/* Shared by all processes; zeroed memory is an empty one. Whoever uses it for longer than a second was killed
 * at it, and the next one goes on. */
struct talkers_board {
    _Atomic int64_t used_since; /* monotonic ns; 0: by nobody */
    _Atomic int64_t taken_at;   /* likewise */
    struct talkers talkers;
};

void talkers_add(struct talkers *talkers, const struct peer_address *source, uint64_t count);

/* The loudest; NULL if there is none. */
const struct talker *talkers_loudest(const struct talkers *talkers);

/* Moves what was counted to the board, unless somebody uses it just now. Returns whether it did. */
bool talkers_hand_over(struct talkers *talkers, struct talkers_board *board, int64_t now);

/* Takes what is on the board, unless that was done less than an interval ago. Returns whether there was
 * anything. */
bool talkers_take(struct talkers *talkers, struct talkers_board *board, int64_t interval, int64_t now);

#endif
