/* SPDX-License-Identifier: MIT */
/* deferred: clients whom nobody needs to be quick about. They are watched, but not waited for: the set is
 * read now and then, so that what they do wakes no thread. */
#ifndef SOCKGREET_ASIDE_H
#define SOCKGREET_ASIDE_H

#include "serve/loop.h"

struct deferred {
    int epoll;
    unsigned count; /* of those watched */
    bool eager;     /* somebody waits for them to be gone */
    int64_t pause;  /* between two readings; it grows while nothing happens */
    int64_t read_at;
};

/* Returns 0 or -errno; close in any case. */
int deferred_open(struct deferred *deferred);
void deferred_close(struct deferred *deferred);

/* Watches a descriptor for input. Returns false with errno if there is no memory. */
bool deferred_watch(struct deferred *deferred, int fd, struct watch *watch, int64_t now);

/* A descriptor that was watched was closed, with which it left the set. */
void deferred_removed(struct deferred *deferred);

/* Somebody is waiting for one of them to be gone: the set is read soon; or, from now on, as often as it may
 * be. */
void deferred_expect(struct deferred *deferred, int64_t now);
void deferred_hurry(struct deferred *deferred, int64_t now);

/* Calls the owner of each descriptor that is ready. */
void deferred_read(struct deferred *deferred, int64_t now);

/* When deferred_read() is due (monotonic ns), or LOOP_NEVER. */
int64_t deferred_next(const struct deferred *deferred);

#endif
