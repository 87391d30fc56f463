/* SPDX-License-Identifier: MIT */
#include "serve/first_check.h"

#include "base/util.h"

#define DELAY_LEAST (2 * NS_PER_MS)
#define DELAY_MOST  (64 * NS_PER_MS)
#define TURN_LATE   (1 * NS_PER_MS)
#define ALARM_LATE  (2 * NS_PER_MS)
#define WINDOW      64 /* checks after which the delay is adapted */
#define STAYED_MOST 8  /* of these found the client still there: more means too early */

int first_check_open(struct first_check *check, timer_expired *due)
{
    int error = timers_open(&check->timers, 1);

    if (!error)
        check->list = timers_list(&check->timers, DELAY_LEAST, due, NULL);
    return error;
}

void first_check_close(struct first_check *check)
{
    timers_close(&check->timers);
    check->list = NULL;
}

void first_check_later(struct first_check *check, struct timer *timer, int64_t now)
{
    timer_start(timer, check->list, now);
}

/* Timers that run already do not count for the new delay. */
static void set_delay(struct first_check *check, int64_t delay, int64_t now)
{
    int64_t before = check->list->duration;

    delay = delay < DELAY_LEAST ? DELAY_LEAST : delay;
    delay = delay > DELAY_MOST ? DELAY_MOST : delay;
    check->list->duration = delay;
    check->counted_from = now + (delay > before ? delay : before);
    check->checked = check->stayed = 0;
}

void first_check_found(struct first_check *check, const struct timer *timer, bool stays, int64_t now)
{
    int64_t delay = check->list->duration;

    if (check->hurried || timer->deadline > now || timer->deadline < check->counted_from)
        return;
    check->stayed += stays;
    if (++check->checked < WINDOW)
        return;
    if (check->stayed > STAYED_MOST)
        delay += delay / 2;
    else if (check->stayed == 0)
        delay -= delay / 8;
    set_delay(check, delay, now);
}

bool first_check_oldest(struct first_check *check, void *context)
{
    struct timer *first = timer_list_first(check->list);

    if (first)
        timer_expire(first, context);
    return first != NULL;
}

void first_check_hurry(struct first_check *check, void *context)
{
    check->hurried = true;
    check->list->duration = DELAY_LEAST;
    while (first_check_oldest(check, context))
        ;
}

void first_check_due(struct first_check *check, int64_t now, void *context)
{
    const struct timer *first = timer_list_first(check->list);

    if (first && first->deadline + TURN_LATE <= now)
        timers_expire(&check->timers, now, context);
}

int64_t first_check_next(const struct first_check *check)
{
    int64_t next = timers_next(&check->timers);

    return next == TIMERS_NEVER ? next : next + ALARM_LATE;
}
