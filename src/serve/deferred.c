/* SPDX-License-Identifier: MIT */
#include "serve/deferred.h"

#include "base/util.h"

#define EVENTS      64
#define PAUSE_LEAST (2 * NS_PER_MS)
#define PAUSE_MOST  (64 * NS_PER_MS)

int deferred_open(struct deferred *deferred)
{
    *deferred = (struct deferred){.epoll = epoll_create1(EPOLL_CLOEXEC), .pause = PAUSE_LEAST};
    return deferred->epoll < 0 ? -errno : 0;
}

void deferred_close(struct deferred *deferred)
{
    close_fd(&deferred->epoll);
}

static void schedule(struct deferred *deferred, int64_t pause, int64_t now)
{
    if (deferred->eager)
        pause = PAUSE_LEAST;
    deferred->pause = pause < PAUSE_MOST ? pause : PAUSE_MOST;
    deferred->read_at = now + deferred->pause;
}

bool deferred_watch(struct deferred *deferred, int fd, struct watch *watch, int64_t now)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

    if (epoll_ctl(deferred->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return false;
    if (deferred->count++ == 0)
        schedule(deferred, PAUSE_LEAST, now);
    return true;
}

void deferred_removed(struct deferred *deferred)
{
    deferred->count--;
}

void deferred_expect(struct deferred *deferred, int64_t now)
{
    schedule(deferred, PAUSE_LEAST, now);
}

void deferred_hurry(struct deferred *deferred, int64_t now)
{
    deferred->eager = true;
    schedule(deferred, PAUSE_LEAST, now);
}

void deferred_read(struct deferred *deferred, int64_t now)
{
    struct epoll_event events[EVENTS] __attribute__((uninitialized));
    bool any = false;
    int count;

    do {
        count = epoll_wait(deferred->epoll, events, EVENTS, 0);
        for (int i = 0; i < count; i++) {
            struct watch *watch = events[i].data.ptr;

            watch->ready(watch, events[i].events);
            any = true;
        }
    } while (count == EVENTS);
    schedule(deferred, any ? PAUSE_LEAST : 2 * deferred->pause, now);
}

int64_t deferred_next(const struct deferred *deferred)
{
    return deferred->count ? deferred->read_at : LOOP_NEVER;
}
