/* SPDX-License-Identifier: MIT */
/* guard: whether a client is served, by what is known of its source: limits, as far as a listener has any. */
#ifndef SOCKGREET_GUARD_H
#define SOCKGREET_GUARD_H

#include "base/peer.h"
#include "conf/conf.h"
#include "guard/held.h"
#include "guard/limiter.h"
#include "guard/table.h"
#include "shm/shm.h"
#include "shm/stats.h"
#include "shm/talkers.h"

#include <stdbool.h>

/* As one thread sees it. */
struct guard {
    struct table loops, rates; /* what fuse.h and limiter.h remember */
    const struct conf *conf;
    struct limits *limits; /* of each listener */
    struct held held;
    struct stats *stats; /* counts whom dry_run lets pass */
    struct talkers refused;
    struct talkers_board *board;
    int64_t refused_since; /* when the first of them was */
};

/* What shared_open() has to have room for. */
size_t guard_held_cells(const struct conf *conf);

/* In a worker, before its threads are there. */
void guard_begin(const struct shared *shared, unsigned worker);

/* Returns 0 or -ENOMEM; close in any case. */
int guard_open(struct guard *guard, const struct conf *conf, const struct shared *shared, unsigned worker,
               struct stats *stats);
void guard_close(struct guard *guard);

/* Whether clients of this listener are to be asked about at all: access lists, guard_hold(), guard_admit().
 */
bool guard_is_needed(const struct guard *guard, size_t listener);

/* Counts a client. Returns RESULT_SENT if it may be served, or why not. */
enum result guard_admit(struct guard *guard, size_t listener, const struct peer_address *client,
                        int64_t now_ns);

/* Counts a stream client for as long as it is there, if the listener counts any. Returns RESULT_SENT if its
 * source may hold it, or why not; *held tells whether guard_let_go() is due. */
enum result guard_hold(struct guard *guard, size_t listener, const struct peer_address *client,
                       int64_t now_ns, bool *held);
void guard_let_go(const struct guard *guard, size_t listener, const struct peer_address *client);

/* How many of them a client's source has. */
unsigned guard_held(const struct guard *guard, size_t listener, const struct peer_address *client);

/* What was refused goes to the board, where loggers look for it: once a heartbeat, and in the end. */
void guard_beat(struct guard *guard, int64_t now_ns);
void guard_finish(struct guard *guard, int64_t now_ns);

#endif
