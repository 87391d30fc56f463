/* SPDX-License-Identifier: MIT */
#include "client/report/summary.h"

#include "client/report/phrases.h"

#include <inttypes.h>

static void print_counts(FILE *out, const struct statistics *statistics, int64_t run_ns)
{
    char percent[STATISTICS_PERCENT_MAX];
    uint64_t outstanding = statistics_outstanding(statistics);

    fprintf(out, "%" PRIu64 " sent, %" PRIu64 " answered, %s lost", statistics->sent, statistics->answered,
            statistics_loss_percent(percent, statistics));
    if (outstanding > 0)
        fprintf(out, ", %" PRIu64 " outstanding", outstanding);
    fprintf(out, ", time %.0f ms\n", phrases_ms(run_ns));
}

static void print_losses(FILE *out, const struct statistics *statistics)
{
    const char *separator = " ";

    if (statistics_lost(statistics) == 0)
        return;
    fprintf(out, "%" PRIu64 " lost:", statistics_lost(statistics));
    for (int outcome = OUTCOME_ANSWERED + 1; outcome < OUTCOME_COUNT; outcome++) {
        if (statistics->losses[outcome] == 0)
            continue;
        fprintf(out, "%s%" PRIu64 " %s", separator, statistics->losses[outcome],
                outcome_word((enum outcome)outcome));
        separator = ", ";
    }
    fputc('\n', out);
}

static void print_times(FILE *out, const struct statistics *statistics)
{
    struct statistics_times ms = statistics_times(statistics);

    if (statistics->answered == 0)
        return;
    fprintf(out, "min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", ms.min, ms.avg, ms.max, ms.mdev);
    fprintf(out, "p50/p90/p99 = %.3f/%.3f/%.3f ms\n", ms.p50, ms.p90, ms.p99);
}

static void print_share(FILE *out, const char **separator, const char *who, uint64_t count, uint64_t all)
{
    char percent[STATISTICS_PERCENT_MAX];

    if (count == 0)
        return;
    fprintf(out, "%s%s %" PRIu64 " (%s)", *separator, who, count, statistics_percent(percent, count, all));
    *separator = ", ";
}

static void print_answerers(FILE *out, const struct answerers *answerers, uint64_t all)
{
    const char *separator = "answered by: ";

    if (answerers->count == 0)
        return;
    for (size_t i = 0; i < answerers->count; i++)
        print_share(out, &separator, answerers->list[i].who, answerers->list[i].count, all);
    print_share(out, &separator, "others", answerers->others, all);
    print_share(out, &separator, "not named", answerers->unnamed, all);
    fputc('\n', out);
}

void summary_print(FILE *out, const struct visit *visit, int64_t run_ns)
{
    const struct statistics *statistics = &visit->statistics;
    char name[TARGET_LABEL_MAX + 32];

    target_text(visit->target, name, sizeof(name));
    fprintf(out, "--- %s greeting statistics ---\n", name);
    print_counts(out, statistics, run_ns);
    print_losses(out, statistics);
    print_times(out, statistics);
    print_answerers(out, &visit->answerers, statistics->answered);
}

void summary_print_interim(FILE *out, const struct visit *visit, int64_t run_ns)
{
    const struct statistics *statistics = &visit->statistics;
    struct statistics_times ms = statistics_times(statistics);
    char percent[STATISTICS_PERCENT_MAX];
    char name[TARGET_LABEL_MAX + 32];

    target_text(visit->target, name, sizeof(name));
    fprintf(out, "%s: %" PRIu64 "/%" PRIu64 " answered, %s lost in %.1f s", name, statistics->answered,
            statistics->sent, statistics_loss_percent(percent, statistics), phrases_ms(run_ns) / 1000);
    if (statistics->answered > 0)
        fprintf(out, ", min/avg/p99/max = %.3f/%.3f/%.3f/%.3f ms", ms.min, ms.avg, ms.p99, ms.max);
    fputc('\n', out);
}
