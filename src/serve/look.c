/* SPDX-License-Identifier: MIT */
#include "serve/look.h"

#include "base/util.h"

#define DELAY_LEAST (2 * NS_PER_MS)
#define DELAY_MOST  (64 * NS_PER_MS)
#define TURN_LATE   (1 * NS_PER_MS)
#define ALARM_LATE  (2 * NS_PER_MS)
#define WINDOW      64 /* looks after which the delay is thought over */
#define STAYED_MOST 8  /* of these; more came too soon */

int look_open(struct look *look, timer_expired *due)
{
    int error = timers_open(&look->timers, 1);

    if (!error)
        look->list = timers_list(&look->timers, DELAY_LEAST, due, NULL);
    return error;
}

void look_close(struct look *look)
{
    timers_close(&look->timers);
    look->list = NULL;
}

void look_later(struct look *look, struct timer *timer, int64_t now)
{
    timer_start(timer, look->list, now);
}

/* What those find who wait already says nothing about the new delay. */
static void set_delay(struct look *look, int64_t delay, int64_t now)
{
    int64_t before = look->list->duration;

    delay = delay < DELAY_LEAST ? DELAY_LEAST : delay;
    delay = delay > DELAY_MOST ? DELAY_MOST : delay;
    look->list->duration = delay;
    look->counted_from = now + (delay > before ? delay : before);
    look->looked = look->stayed = 0;
}

void look_found(struct look *look, const struct timer *timer, bool stays, int64_t now)
{
    int64_t delay = look->list->duration;

    if (look->hurried || timer->deadline > now || timer->deadline < look->counted_from)
        return;
    look->stayed += stays;
    if (++look->looked < WINDOW)
        return;
    if (look->stayed > STAYED_MOST)
        delay += delay / 2;
    else if (look->stayed == 0)
        delay -= delay / 8;
    set_delay(look, delay, now);
}

bool look_at_first(struct look *look, void *context)
{
    struct timer *first = timer_list_first(look->list);

    if (first)
        timer_expire(first, context);
    return first != NULL;
}

void look_hurry(struct look *look, void *context)
{
    look->hurried = true;
    look->list->duration = DELAY_LEAST;
    while (look_at_first(look, context))
        ;
}

void look_due(struct look *look, int64_t now, void *context)
{
    const struct timer *first = timer_list_first(look->list);

    if (first && first->deadline + TURN_LATE <= now)
        timers_expire(&look->timers, now, context);
}

int64_t look_next(const struct look *look)
{
    int64_t next = timers_next(&look->timers);

    return next == TIMERS_NEVER ? next : next + ALARM_LATE;
}
