/* SPDX-License-Identifier: MIT */
#include "client/ask/loop.h"

#include "base/util.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define FIRST_TIMERS 64

int loop_open(struct loop *loop)
{
    *loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return loop->epoll < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
    close_fd(&loop->epoll);
    free(loop->heap);
    loop->heap = NULL;
    loop->timer_count = loop->timer_room = 0;
}

int loop_watch(struct loop *loop, int fd, uint32_t events, struct loop_watch *watch)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    return errno == EEXIST && epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : -errno;
}

void loop_unwatch(struct loop *loop, int fd, const struct loop_watch *watch)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    for (int i = loop->event_next; i < loop->event_count; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].data.ptr = NULL;
}

static void put(struct loop *loop, size_t place, struct loop_timer *timer)
{
    loop->heap[place] = timer;
    timer->place = place;
}

static void move_up(struct loop *loop, struct loop_timer *timer)
{
    size_t place = timer->place;

    for (; place > 1 && loop->heap[place / 2]->at_ns > timer->at_ns; place /= 2)
        put(loop, place, loop->heap[place / 2]);
    put(loop, place, timer);
}

static void move_down(struct loop *loop, struct loop_timer *timer)
{
    size_t place = timer->place;

    while (2 * place <= loop->timer_count) {
        size_t child = 2 * place;

        if (child < loop->timer_count && loop->heap[child + 1]->at_ns < loop->heap[child]->at_ns)
            child++;
        if (loop->heap[child]->at_ns >= timer->at_ns)
            break;
        put(loop, place, loop->heap[child]);
        place = child;
    }
    put(loop, place, timer);
}

static bool make_room(struct loop *loop)
{
    size_t room = loop->timer_room ? 2 * loop->timer_room : FIRST_TIMERS;
    struct loop_timer **heap;

    if (loop->timer_count + 1 < loop->timer_room)
        return true;
    heap = reallocarray(loop->heap, room, sizeof(struct loop_timer *));
    if (!heap)
        return false;
    loop->heap = heap;
    loop->timer_room = room;
    return true;
}

bool loop_set(struct loop *loop, struct loop_timer *timer, int64_t at_ns)
{
    if (timer->place == 0) {
        if (!make_room(loop))
            return false;
        put(loop, ++loop->timer_count, timer);
    }
    timer->at_ns = at_ns;
    move_up(loop, timer);
    move_down(loop, timer);
    return true;
}

void loop_unset(struct loop *loop, struct loop_timer *timer)
{
    size_t place = timer->place;
    struct loop_timer *last;

    if (place == 0)
        return;
    timer->place = 0;
    last = loop->heap[loop->timer_count--];
    if (last == timer)
        return;
    put(loop, place, last);
    move_up(loop, last);
    move_down(loop, last);
}

/* epoll_wait() takes milliseconds, and older kernels have no epoll_pwait2(). */
static int wait_for_events(const struct loop *loop)
{
    struct pollfd polled = {.fd = loop->epoll, .events = POLLIN};
    struct timespec timeout = {0};

    if (loop->timer_count > 0) {
        int64_t left_ns = loop->heap[1]->at_ns - monotonic_ns();

        if (left_ns > 0)
            timeout = (struct timespec){.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
    }
    return ppoll(&polled, 1, loop->timer_count > 0 ? &timeout : NULL, NULL);
}

static void call_watches(struct loop *loop)
{
    while (loop->event_next < loop->event_count) {
        const struct loop_watch *watch = loop->events[loop->event_next++].data.ptr;

        if (watch)
            watch->ready(watch->context);
    }
}

static void call_timers(struct loop *loop)
{
    int64_t now_ns = monotonic_ns();

    while (loop->timer_count > 0 && loop->heap[1]->at_ns <= now_ns) {
        struct loop_timer *timer = loop->heap[1];

        loop_unset(loop, timer);
        timer->due(timer->context);
    }
}

int loop_turn(struct loop *loop)
{
    int ready = wait_for_events(loop);

    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    loop->event_next = 0;
    loop->event_count = ready > 0 ? epoll_wait(loop->epoll, loop->events, LOOP_EVENTS_MAX, 0) : 0;
    call_watches(loop);
    call_timers(loop);
    return 0;
}
