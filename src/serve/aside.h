/* SPDX-License-Identifier: MIT */
/* aside: clients whom nobody needs to be quick about. They are watched, but not waited for: the set is read
 * now and then, so that what they do wakes no thread. */
#ifndef SOCKGREET_ASIDE_H
#define SOCKGREET_ASIDE_H

#include "serve/loop.h"

struct aside {
    int epoll;
    unsigned count; /* of those watched */
    bool eager;     /* somebody waits for them to be gone */
    int64_t pause;  /* between two readings; it grows while nothing happens */
    int64_t read_at;
};

/* Returns 0 or -errno; close in any case. */
int aside_open(struct aside *aside);
void aside_close(struct aside *aside);

/* Watches a descriptor for input. Returns false with errno if there is no memory. */
bool aside_watch(struct aside *aside, int fd, struct watch *watch, int64_t now);

/* A descriptor that was watched was closed, with which it left the set. */
void aside_left(struct aside *aside);

/* Somebody is waiting for one of them to be gone: the set is read soon; or, from now on, as often as it may
 * be. */
void aside_expect(struct aside *aside, int64_t now);
void aside_hurry(struct aside *aside, int64_t now);

/* Calls the owner of each descriptor that is ready. */
void aside_read(struct aside *aside, int64_t now);

/* When aside_read() is due (monotonic ns), or LOOP_NEVER. */
int64_t aside_next(const struct aside *aside);

#endif
