/* SPDX-License-Identifier: MIT */
#include "client/statistics.h"

#include <math.h>

void statistics_add_loss(struct statistics *statistics)
{
    statistics->sent++;
}

void statistics_add_answer(struct statistics *statistics, int64_t nanoseconds)
{
    double distance = (double)nanoseconds - statistics->average_ns;

    if (statistics->answered == 0 || nanoseconds < statistics->min_ns)
        statistics->min_ns = nanoseconds;
    if (nanoseconds > statistics->max_ns)
        statistics->max_ns = nanoseconds;
    statistics->sent++;
    statistics->answered++;
    /* Welford's recurrence: a difference of two large sums would lose the small deviations of long runs. */
    statistics->average_ns += distance / (double)statistics->answered;
    statistics->squares += distance * ((double)nanoseconds - statistics->average_ns);
}

double statistics_mdev_ns(const struct statistics *statistics)
{
    return statistics->answered ? sqrt(statistics->squares / (double)statistics->answered) : 0;
}

double statistics_loss_percent(const struct statistics *statistics)
{
    if (statistics->sent == 0)
        return 0;
    return 100.0 * (double)(statistics->sent - statistics->answered) / (double)statistics->sent;
}
