/* SPDX-License-Identifier: MIT */
/* guard: decides whether a client is served, by the limits of its listener and what is remembered of its
 * source. */
#ifndef SOCKGREET_GUARD_H
#define SOCKGREET_GUARD_H

#include "base/peer.h"
#include "conf/conf.h"
#include "guard/held.h"
#include "guard/limiter.h"
#include "guard/table.h"
#include "shm/shared.h"
#include "shm/stats.h"
#include "shm/talkers.h"

#include <stdbool.h>

/* One thread's view. */
struct guard {
    struct table loops, rates; /* entries of fuse.h and limiter.h */
    const struct conf *conf;
    struct limits *limits; /* of each listener */
    struct held held;
    struct stats *stats; /* counts the clients that dry_run admits */
    struct talkers refused;
    struct talkers_board *board;
    int64_t refused_since; /* time of the first one */
};

/* The cells for which shared_open() must have room. */
size_t guard_held_cells(const struct conf *conf);

/* Called in a worker before it starts its threads. */
void guard_begin(const struct shared *shared, unsigned worker);

/* Returns 0 or -ENOMEM; guard_close() must be called in any case. */
int guard_open(struct guard *guard, const struct conf *conf, const struct shared *shared, unsigned worker,
               struct stats *stats);
void guard_close(struct guard *guard);

/* Whether clients of this listener need checks at all: access lists, guard_hold(), guard_admit(). */
bool guard_is_needed(const struct guard *guard, size_t listener);

/* Counts a client. Returns RESULT_SENT if it may be served, or the reason for a refusal. */
enum result guard_admit(struct guard *guard, size_t listener, const struct peer_address *client,
                        int64_t now_ns);

/* Counts a stream client while it is connected, if the listener counts them. Returns RESULT_SENT if its
 * source may hold it, or the reason for a refusal; *held is for guard_let_go(), or 0 if the client is not
 * counted. */
enum result guard_hold(struct guard *guard, size_t listener, const struct peer_address *client,
                       int64_t now_ns, uint64_t *held);
void guard_let_go(const struct guard *guard, uint64_t held);

/* How many clients the source of this client holds. held: see guard_hold(). */
unsigned guard_held(const struct guard *guard, size_t listener, const struct peer_address *client,
                    uint64_t held);

/* Hand the refused clients over to the board, which loggers read: once per heartbeat, and at the end. */
void guard_beat(struct guard *guard, int64_t now_ns);
void guard_finish(struct guard *guard, int64_t now_ns);

#endif
