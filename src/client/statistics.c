/* SPDX-License-Identifier: MIT */
#include "client/statistics.h"

#include "base/util.h"
#include "client/decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void statistics_add_sent(struct statistics *statistics)
{
    statistics->sent++;
}

void statistics_remove_sent(struct statistics *statistics)
{
    statistics->sent--;
}

void statistics_add_answer(struct statistics *statistics, int64_t ns)
{
    double distance = (double)ns - statistics->average_ns;

    statistics->answered++;
    /* Welford's recurrence: a difference of two large sums would lose the small deviations of long runs. */
    statistics->average_ns += distance / (double)statistics->answered;
    statistics->squares += distance * ((double)ns - statistics->average_ns);
    histogram_add(&statistics->times, ns);
}

void statistics_add_loss(struct statistics *statistics, enum outcome outcome)
{
    statistics->losses[outcome]++;
}

uint64_t statistics_lost(const struct statistics *statistics)
{
    uint64_t lost = 0;

    for (unsigned i = 0; i < OUTCOME_COUNT; i++)
        lost += statistics->losses[i];
    return lost;
}

uint64_t statistics_outstanding(const struct statistics *statistics)
{
    return statistics->sent - statistics->answered - statistics_lost(statistics);
}

static double quantile_ms(const struct histogram *times, double share)
{
    return (double)histogram_quantile(times, share) / (double)NS_PER_MS;
}

struct statistics_times statistics_times(const struct statistics *statistics)
{
    const struct histogram *times = &statistics->times;
    struct statistics_times ms = {0};

    if (statistics->answered == 0)
        return ms;
    ms.min = (double)times->min_ns / (double)NS_PER_MS;
    ms.avg = statistics->average_ns / (double)NS_PER_MS;
    ms.max = (double)times->max_ns / (double)NS_PER_MS;
    ms.mdev = sqrt(statistics->squares / (double)statistics->answered) / (double)NS_PER_MS;
    ms.p50 = quantile_ms(times, 0.5);
    ms.p90 = quantile_ms(times, 0.9);
    ms.p99 = quantile_ms(times, 0.99);
    return ms;
}

/* Two decimals within 1 of 0 or 100, one within 10, else none. */
static int decimals(double percent)
{
    double end = percent < 50 ? percent : 100 - percent;

    return end < 1 ? 2 : end < 10 ? 1 : 0;
}

const char *statistics_percent(char text[STATISTICS_PERCENT_MAX], uint64_t part, uint64_t whole)
{
    double percent = whole ? 100.0 * (double)part / (double)whole : 0;
    char number[DECIMAL_MAX];

    decimal_text(number, percent, decimals(percent));
    if (part > 0 && strcmp(number, "0") == 0)
        return strcpy(text, "<0.01 %");
    if (part < whole && strcmp(number, "100") == 0)
        return strcpy(text, ">99.99 %");
    snprintf(text, STATISTICS_PERCENT_MAX, "%.12s %%", number);
    return text;
}

const char *statistics_loss_percent(char text[STATISTICS_PERCENT_MAX], const struct statistics *statistics)
{
    uint64_t lost = statistics_lost(statistics);

    return statistics_percent(text, lost, statistics->answered + lost);
}
