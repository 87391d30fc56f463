/* SPDX-License-Identifier: MIT */
#include "ctl/rates.h"

#include "base/result.h"
#include "base/util.h"
#include "ctl/answer.h"
#include "ctl/memory.h"

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 64

/* The rate of a count that was old before. */
static double rate(long long old, long long new, double seconds)
{
    double grown = new >= old ? (double)new - (double)old : (double)new;

    return grown > 0 ? grown / seconds : 0;
}

/* --- the whole service --- */

struct sums {
    long long greetings, refusals, connections, bytes;
};

/* Counts may have any value: a sum that overflows does no harm. */
static long long add(long long a, long long b)
{
    long long sum;

    return __builtin_add_overflow(a, b, &sum) ? 0 : sum;
}

static long long subtract(long long a, long long b)
{
    long long difference;

    return __builtin_sub_overflow(a, b, &difference) || difference < 0 ? 0 : difference;
}

static struct sums sum(const json_t *counters)
{
    long long served = answer_number(counters, "served"), taken = answer_number(counters, "taken");
    struct sums sums = {.bytes = answer_number(counters, "bytes")};

    for (enum result i = 0; i < RESULT_COUNT; i++)
        if (result_is_refusal(i))
            sums.refusals = add(sums.refusals, answer_number(counters, result_name(i)));
    sums.greetings = subtract(served, sums.refusals);
    sums.connections = subtract(taken, add(served, answer_number(counters, "abandoned")));
    return sums;
}

static void compute_service(struct rates *rates, const struct sample *before, const struct sample *now,
                            double seconds)
{
    struct sums new = sum(now->counters), old = new;

    rates->connections = new.connections;
    rates->greetings = rates->refusals = rates->bytes = RATES_UNKNOWN;
    if (!before)
        return;
    old = sum(before->counters);
    rates->greetings = rate(old.greetings, new.greetings, seconds);
    rates->refusals = rate(old.refusals, new.refusals, seconds);
    rates->bytes = rate(old.bytes, new.bytes, seconds);
}

/* --- rows: what an object is found by, so that thousands of them take no long search --- */

static void worker_key(char key[KEY_MAX], const json_t *worker)
{
    snprintf(key, KEY_MAX, "%lld/%lld", answer_number(worker, "generation"), answer_number(worker, "worker"));
}

/* The worker of each key. The caller releases it with json_decref(). */
static json_t *workers_by_key(const json_t *workers)
{
    json_t *map = memory_checked(json_pack("{}")), *worker;
    char key[KEY_MAX];
    size_t i;

    json_array_foreach(workers, i, worker)
    {
        worker_key(key, worker);
        json_object_set(map, key, worker);
    }
    return map;
}

static json_t *listeners_by_name(const json_t *listeners)
{
    json_t *map = memory_checked(json_pack("{}")), *listener;
    size_t i;

    json_array_foreach(listeners, i, listener) json_object_set(map, answer_text(listener, "name"), listener);
    return map;
}

/* The rate since the row before; unknown if there is none. */
static double row_rate(const json_t *before, const json_t *now, const char *name, double seconds)
{
    if (!before)
        return RATES_UNKNOWN;
    return rate(answer_number(before, name), answer_number(now, name), seconds);
}

/* --- listeners --- */

static void add_address(struct rates_listener *row, const json_t *listener)
{
    row->addresses++;
    if (*row->trouble == '\0')
        row->trouble = answer_text(listener, "trouble");
}

static void begin_listener(struct rates_listener *row, const json_t *listener, const json_t *before,
                           double seconds)
{
    *row = (struct rates_listener){.name = answer_text(listener, "name"),
                                   .transport = answer_text(listener, "transport"),
                                   .endpoint = answer_text(listener, "endpoint"),
                                   .trouble = "",
                                   .connections = answer_number(listener, "connections"),
                                   .greetings = row_rate(before, listener, "greetings", seconds),
                                   .refusals = row_rate(before, listener, "refusals", seconds)};
}

/* The addresses of a listener follow each other, and each has the counts of all. */
static void compute_listeners(struct rates *rates, const struct sample *before, const struct sample *now,
                              double seconds)
{
    const json_t *listeners = json_object_get(now->listeners, "listeners");
    json_t *map = listeners_by_name(before ? json_object_get(before->listeners, "listeners") : NULL),
           *listener;
    struct rates_listener *row = NULL;
    size_t i;

    rates->listeners = memory_checked(calloc(json_array_size(listeners) + 1, sizeof(*rates->listeners)));
    json_array_foreach(listeners, i, listener)
    {
        const char *name = answer_text(listener, "name");

        if (!row || strcmp(row->name, name) != 0) {
            row = &rates->listeners[rates->listener_count++];
            begin_listener(row, listener, json_object_get(map, name), seconds);
        }
        add_address(row, listener);
    }
    json_decref(map);
}

/* --- workers --- */

static void compute_workers(struct rates *rates, const struct sample *before, const struct sample *now,
                            double seconds)
{
    const json_t *workers = json_object_get(now->workers, "workers");
    json_t *map = workers_by_key(before ? json_object_get(before->workers, "workers") : NULL), *worker;
    char key[KEY_MAX];
    size_t i;

    rates->workers = memory_checked(calloc(json_array_size(workers) + 1, sizeof(*rates->workers)));
    json_array_foreach(workers, i, worker)
    {
        worker_key(key, worker);
        rates->workers[rates->worker_count++] =
            (struct rates_worker){.generation = answer_number(worker, "generation"),
                                  .number = answer_number(worker, "worker"),
                                  .pid = answer_number(worker, "pid"),
                                  .restarts = answer_number(worker, "restarts"),
                                  .state = answer_text(worker, "state"),
                                  .last_exit = answer_text(worker, "last_exit"),
                                  .clients = row_rate(json_object_get(map, key), worker, "greeted", seconds)};
    }
    json_decref(map);
}

void rates_compute(struct rates *rates, const struct sample *before, const struct sample *now)
{
    double seconds = before ? (double)(now->at - before->at) / (double)NS_PER_S : 0;

    *rates = (struct rates){0};
    if (before && (seconds <= 0 || !sample_is_same_process(before, now)))
        before = NULL;
    compute_service(rates, before, now, seconds);
    compute_listeners(rates, before, now, seconds);
    compute_workers(rates, before, now, seconds);
}

void rates_free(struct rates *rates)
{
    free(rates->listeners);
    free(rates->workers);
    *rates = (struct rates){0};
}
