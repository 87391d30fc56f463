/* SPDX-License-Identifier: MIT */
#include "client/load/schedule.h"

#include <math.h>

/* Counted from the first one, so that rounding errors do not add up. */
static int64_t due_time(const struct schedule *schedule)
{
    return schedule->first_ns + (int64_t)((double)schedule->started * schedule->gap_ns);
}

int64_t schedule_next(const struct schedule *schedule, int64_t now)
{
    return schedule->gap_ns > 0 ? due_time(schedule) : now;
}

bool schedule_goes_on(const struct schedule *schedule, int64_t now)
{
    return schedule->started < schedule->limit && schedule_next(schedule, now) < schedule->stop_ns &&
           now - SCHEDULE_GRACE_NS < schedule->stop_ns;
}

bool schedule_start(struct schedule *schedule, int64_t now, int64_t *due)
{
    int64_t next = schedule_next(schedule, now);

    if (next > now || !schedule_goes_on(schedule, now))
        return false;
    *due = next;
    schedule->late += now - next > SCHEDULE_LATE_NS;
    schedule->started++;
    return true;
}

void schedule_stop(struct schedule *schedule, int64_t now)
{
    if (now < schedule->stop_ns)
        schedule->stop_ns = now;
}

uint64_t schedule_missed(const struct schedule *schedule)
{
    double due;

    if (schedule->gap_ns <= 0 || schedule->stop_ns <= schedule->first_ns)
        return 0;
    due = ceil((double)(schedule->stop_ns - schedule->first_ns) / schedule->gap_ns);
    if (due > (double)schedule->limit)
        due = (double)schedule->limit;
    return due > (double)schedule->started ? (uint64_t)due - schedule->started : 0;
}
