/* SPDX-License-Identifier: MIT */
/* What a run came to, as one JSON object, and a warning if it says more about the generator than the server.
 */
#include "load.h"

#include <inttypes.h>
#include <stdio.h>

#define CURVE_SIZE 33                   /* quantiles printed: eight for each nine, up to 99.99 % */
#define CURVE_STEP 0.749894209332455827 /* 10^(-1/8) */

/* Beyond these the generator may be what limits. */
#define BUSY_LIMIT 0.9  /* of a processor, used by one thread */
#define LATE_LIMIT 0.01 /* of all starts, open loop */

struct use {
    double elapsed, cpu, busiest, queued; /* seconds */
};

static double us(uint64_t ns)
{
    return (double)ns / 1e3;
}

/* The curve is the latency at 1 - 10^(-i/8): finer towards the end, where it matters. */
static void print_latency(const struct histogram *h)
{
    double beyond = 1;

    printf("\"latency_us\": {\"count\": %" PRIu64
           ", \"min\": %.3f, \"mean\": %.3f, \"p50\": %.3f, \"p90\": %.3f, "
           "\"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f, \"curve\": [",
           h->count, us(h->min), histogram_mean(h) / 1e3, us(histogram_quantile(h, 0.5)),
           us(histogram_quantile(h, 0.9)), us(histogram_quantile(h, 0.99)), us(histogram_quantile(h, 0.999)),
           us(h->max));
    for (int i = 0; i < CURVE_SIZE; i++) {
        printf("%s%.3f", i ? ", " : "", us(histogram_quantile(h, 1 - beyond)));
        beyond *= CURVE_STEP;
    }
    printf("]}");
}

static void print_failures(const struct load_thread *sum)
{
    static const char *const names[] = {
#define FAILURE_NAME(id, name) name,
        FAILURES(FAILURE_NAME)};
    uint64_t all = 0;

    printf("\"failures\": {");
    for (int i = 0; i < FAILURE_COUNT; i++) {
        printf("\"%s\": %" PRIu64 ", ", names[i], sum->failures[i]);
        all += sum->failures[i];
    }
    printf("\"all\": %" PRIu64 "}", all);
}

/* All threads' results, in the first one's. */
static struct load_thread *add_up(const struct load_options *options, struct load_thread *threads)
{
    struct load_thread *sum = &threads[0];

    for (unsigned i = 1; i < options->threads; i++) {
        histogram_merge(&sum->latency, &threads[i].latency);
        sum->answered += threads[i].answered;
        sum->started += threads[i].started;
        sum->late += threads[i].late;
        sum->unexpected += threads[i].unexpected;
        for (int f = 0; f < FAILURE_COUNT; f++)
            sum->failures[f] += threads[i].failures[f];
        sum->finished = threads[i].finished > sum->finished ? threads[i].finished : sum->finished;
    }
    return sum;
}

static struct use use_of(const struct load_options *options, const struct load_thread *threads)
{
    struct use use = {.elapsed = options->seconds};
    int64_t finished = 0;

    for (unsigned i = 0; i < options->threads; i++) {
        double cpu = (double)threads[i].cpu_ns / 1e9;

        use.cpu += cpu;
        use.busiest = cpu > use.busiest ? cpu : use.busiest;
        use.queued += (double)threads[i].queued_ns / 1e9;
        finished = threads[i].finished > finished ? threads[i].finished : finished;
    }
    if (finished > threads[0].start)
        use.elapsed = (double)(finished - threads[0].start) / 1e9;
    return use;
}

static bool is_limit(const struct load_options *options, const struct load_thread *sum, const struct use *use)
{
    double busy = use->busiest / use->elapsed;
    double late = sum->started ? (double)sum->late / (double)sum->started : 0;

    if (busy > BUSY_LIMIT)
        fprintf(stderr, "load: warning: a thread of the generator used %.0f %% of a processor\n", busy * 100);
    if (late > LATE_LIMIT)
        fprintf(stderr, "load: warning: %.1f %% of all starts were more than 1 ms late\n", late * 100);
    return busy > BUSY_LIMIT || (options->rate > 0 && late > LATE_LIMIT);
}

static void print_generator(const struct load_options *options, const struct load_thread *sum,
                            const struct use *use)
{
    printf("\"generator\": {\"cpu_seconds\": %.4f, \"cpu_share\": %.4f, \"busiest_share\": %.4f, "
           "\"queued_share\": %.4f, \"cpu_us_each\": %.3f, \"is_limit\": %s}",
           use->cpu, use->cpu / use->elapsed / options->threads, use->busiest / use->elapsed,
           use->queued / use->elapsed / options->threads,
           sum->answered ? use->cpu * 1e6 / (double)sum->answered : 0,
           is_limit(options, sum, use) ? "true" : "false");
}

bool load_report(const struct load_options *options, struct load_thread *threads)
{
    struct use use = use_of(options, threads);
    struct load_thread *sum = add_up(options, threads);
    bool right = sum->answered > 0 && sum->unexpected == 0;

    printf("{\"target\": \"%s\", \"clients\": %u, \"rate_wanted\": %.1f, \"threads\": %u, \"talk\": %zu, "
           "\"seconds\": %.6f, \"started\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"per_second\": %.1f, ",
           options->target.text, options->clients, options->rate, options->threads, options->talk,
           use.elapsed, sum->started, sum->answered, (double)sum->answered / use.elapsed);
    print_failures(sum);
    printf(", \"unexpected\": %" PRIu64 ", \"late\": %" PRIu64 ", ", sum->unexpected, sum->late);
    print_latency(&sum->latency);
    printf(", ");
    print_generator(options, sum, &use);
    printf("}\n");
    for (int f = 0; f < FAILURE_COUNT; f++)
        right = right && sum->failures[f] == 0;
    return right;
}
