/* SPDX-License-Identifier: MIT */
#include "serve/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int timers_open(struct timers *timers, size_t room)
{
    timers->count = 0;
    timers->room = room;
    timers->lists = calloc(room, sizeof(*timers->lists));
    return timers->lists ? 0 : -ENOMEM;
}

void timers_close(struct timers *timers)
{
    free(timers->lists);
    timers->lists = NULL;
    timers->count = timers->room = 0;
}

struct timer_list *timers_list(struct timers *timers, int64_t duration, timer_expired *expired,
                               const void *kind)
{
    struct timer_list *list;

    for (size_t i = 0; i < timers->count; i++)
        if (timers->lists[i].duration == duration && timers->lists[i].expired == expired &&
            timers->lists[i].kind == kind)
            return &timers->lists[i];
    assert(timers->count < timers->room);
    list = &timers->lists[timers->count++];
    list->head.next = list->head.previous = &list->head;
    list->duration = duration;
    list->expired = expired;
    list->kind = kind;
    return list;
}

void timer_start(struct timer *timer, struct timer_list *list, int64_t now)
{
    struct timer *last;

    timer_stop(timer);
    last = list->head.previous; /* only now: it may have been this timer */
    timer->list = list;
    timer->deadline = now + list->duration;
    timer->previous = last;
    timer->next = &list->head;
    last->next = timer;
    list->head.previous = timer;
}

void timer_stop(struct timer *timer)
{
    if (!timer->next)
        return;
    timer->next->previous = timer->previous;
    timer->previous->next = timer->next;
    timer->next = timer->previous = NULL;
}

static bool is_empty(const struct timer_list *list)
{
    return list->head.next == &list->head;
}

struct timer *timer_list_first(const struct timer_list *list)
{
    return is_empty(list) ? NULL : list->head.next;
}

bool timer_is_started(const struct timer *timer)
{
    return timer->next != NULL;
}

int64_t timer_started_at(const struct timer *timer)
{
    return timer->deadline - timer->list->duration;
}

void timer_expire(struct timer *timer, void *context)
{
    timer_stop(timer);
    timer->list->expired(context, timer);
}

void timers_expire(struct timers *timers, int64_t now, void *context)
{
    for (size_t i = 0; i < timers->count; i++) {
        struct timer_list *list = &timers->lists[i];

        while (!is_empty(list) && list->head.next->deadline <= now)
            timer_expire(list->head.next, context);
    }
}

int64_t timers_next(const struct timers *timers)
{
    int64_t next = TIMERS_NEVER;

    for (size_t i = 0; i < timers->count; i++)
        if (!is_empty(&timers->lists[i]) && timers->lists[i].head.next->deadline < next)
            next = timers->lists[i].head.next->deadline;
    return next;
}
