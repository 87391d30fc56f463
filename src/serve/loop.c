/* SPDX-License-Identifier: MIT */
#include "serve/loop.h"

#include "base/util.h"

#include <poll.h>
#include <sys/timerfd.h>

#define EVENTS_PER_TURN 64
#define FAILURES        64 /* of epoll_wait(2) in a row */
#define SLEEP_MS        50

static void alarm_went_off(struct watch *watch, uint32_t events)
{
    struct loop *loop = CONTAINER_OF(watch, struct loop, alarm);

    (void)events;
    loop->alarm_at = LOOP_NEVER;
}

int loop_open(struct loop *loop)
{
    loop->alarm.ready = alarm_went_off;
    loop->alarm_at = LOOP_NEVER;
    loop->now = monotonic_ns();
    loop->alarm_fd = -1;
    loop->failures = 0;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return -errno;
    loop->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    /* Edge-triggered, so that it need not be read. */
    if (loop->alarm_fd < 0 || !loop_watch(loop, loop->alarm_fd, EPOLLIN | EPOLLET, &loop->alarm))
        return -errno;
    return 0;
}

void loop_close(struct loop *loop)
{
    close_fd(&loop->epoll);
    close_fd(&loop->alarm_fd);
}

static bool control(const struct loop *loop, int operation, int fd, uint32_t events, struct watch *watch)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    return epoll_ctl(loop->epoll, operation, fd, &event) == 0;
}

bool loop_watch(const struct loop *loop, int fd, uint32_t events, struct watch *watch)
{
    return control(loop, EPOLL_CTL_ADD, fd, events, watch);
}

bool loop_change(const struct loop *loop, int fd, uint32_t events, struct watch *watch)
{
    return control(loop, EPOLL_CTL_MOD, fd, events, watch);
}

void loop_unwatch(const struct loop *loop, int fd)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* The kernel sets and cancels a timeout of epoll_wait(2) in every turn. This timer is set once for many
 * turns. */
static int await(struct loop *loop, struct epoll_event *events, int64_t next)
{
    struct itimerspec at = {.it_value = {.tv_sec = next / NS_PER_S, .tv_nsec = next % NS_PER_S}};

    if (next <= loop->now)
        return epoll_wait(loop->epoll, events, EVENTS_PER_TURN, 0);
    if (next < loop->alarm_at) {
        timerfd_settime(loop->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL);
        loop->alarm_at = next;
    }
    return epoll_wait(loop->epoll, events, EVENTS_PER_TURN, -1);
}

/* After too many errors in a row sleeps, so that the thread is not busy forever. */
static int failed(struct loop *loop, int error)
{
    if (loop->failures < FAILURES) {
        loop->failures++;
        return 0;
    }
    poll(NULL, 0, SLEEP_MS);
    return error;
}

int loop_turn(struct loop *loop, int64_t next)
{
    struct epoll_event events[EVENTS_PER_TURN] __attribute__((uninitialized));
    int count = await(loop, events, next), error = 0;

    if (count < 0)
        error = failed(loop, errno);
    else
        loop->failures = 0;
    loop->now = monotonic_ns();
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;

        watch->ready(watch, events[i].events);
    }
    return error;
}
