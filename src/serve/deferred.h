/* SPDX-License-Identifier: MIT */
/* deferred: clients whose events are not urgent. They have an epoll set of their own, which is read from time
 * to time, so that their events do not wake the thread. */
#ifndef SOCKGREET_DEFERRED_H
#define SOCKGREET_DEFERRED_H

#include "serve/loop.h"

struct deferred {
    int epoll;
    unsigned count; /* of descriptors watched */
    bool eager;     /* the set is read as often as possible */
    int64_t pause;  /* between two reads; it grows while there are no events */
    int64_t read_at;
};

/* Returns 0 or -errno; close in any case. */
int deferred_open(struct deferred *deferred);
void deferred_close(struct deferred *deferred);

/* Watches a descriptor for input. Returns false with errno if there is no memory. */
bool deferred_watch(struct deferred *deferred, int fd, struct watch *watch, int64_t now);

/* A watched descriptor was closed, and so has left the set. */
void deferred_removed(struct deferred *deferred);

/* A client that ends would make room: reads the set soon; or, from now on, as often as possible. */
void deferred_expect(struct deferred *deferred, int64_t now);
void deferred_hurry(struct deferred *deferred, int64_t now);

/* Calls the owner of each descriptor that is ready. */
void deferred_read(struct deferred *deferred, int64_t now);

/* When deferred_read() is due (monotonic ns), or LOOP_NEVER. */
int64_t deferred_next(const struct deferred *deferred);

#endif
