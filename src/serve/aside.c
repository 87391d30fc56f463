/* SPDX-License-Identifier: MIT */
#include "serve/aside.h"

#include "base/util.h"

#define EVENTS      64
#define PAUSE_LEAST (2 * NS_PER_MS)
#define PAUSE_MOST  (64 * NS_PER_MS)

int aside_open(struct aside *aside)
{
    *aside = (struct aside){.epoll = epoll_create1(EPOLL_CLOEXEC), .pause = PAUSE_LEAST};
    return aside->epoll < 0 ? -errno : 0;
}

void aside_close(struct aside *aside)
{
    close_fd(&aside->epoll);
}

static void plan(struct aside *aside, int64_t pause, int64_t now)
{
    if (aside->eager)
        pause = PAUSE_LEAST;
    aside->pause = pause < PAUSE_MOST ? pause : PAUSE_MOST;
    aside->read_at = now + aside->pause;
}

bool aside_watch(struct aside *aside, int fd, struct watch *watch, int64_t now)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

    if (epoll_ctl(aside->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return false;
    if (aside->count++ == 0)
        plan(aside, PAUSE_LEAST, now);
    return true;
}

void aside_left(struct aside *aside)
{
    aside->count--;
}

void aside_expect(struct aside *aside, int64_t now)
{
    plan(aside, PAUSE_LEAST, now);
}

void aside_hurry(struct aside *aside, int64_t now)
{
    aside->eager = true;
    plan(aside, PAUSE_LEAST, now);
}

void aside_read(struct aside *aside, int64_t now)
{
    struct epoll_event events[EVENTS] __attribute__((uninitialized));
    bool any = false;
    int count;

    do {
        count = epoll_wait(aside->epoll, events, EVENTS, 0);
        for (int i = 0; i < count; i++) {
            struct watch *watch = events[i].data.ptr;

            watch->ready(watch, events[i].events);
            any = true;
        }
    } while (count == EVENTS);
    plan(aside, any ? PAUSE_LEAST : 2 * aside->pause, now);
}

int64_t aside_next(const struct aside *aside)
{
    return aside->count ? aside->read_at : LOOP_NEVER;
}
