/* SPDX-License-Identifier: MIT */
#include "ctl/rates.h"

#include "base/util.h"

#include <criterion/criterion.h>

static json_t *parse(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);

    cr_assert(object, "%s", text);
    return object;
}

static struct sample sample_of(const char *status, const char *counters, const char *listeners,
                               const char *workers, double seconds)
{
    return (struct sample){.status = parse(status),
                           .counters = parse(counters),
                           .listeners = parse(listeners),
                           .workers = parse(workers),
                           .at = (int64_t)(seconds * (double)NS_PER_S)};
}

#define FIRST  "{\"pid\": 1, \"started\": \"a\"}"
#define SECOND "{\"pid\": 1, \"started\": \"b\"}"
#define NONE   "{}"

static void expect_unknown(const struct rates *rates)
{
    cr_assert_float_eq(rates->greetings, RATES_UNKNOWN, 0);
    cr_assert_float_eq(rates->refusals, RATES_UNKNOWN, 0);
    cr_assert_float_eq(rates->bytes, RATES_UNKNOWN, 0);
}

Test(rates, of_the_service_by_the_time_that_was_measured)
{
    struct sample before = sample_of(
        FIRST, "{\"served\": 100, \"taken\": 110, \"bytes\": 1000, \"denied\": 10, \"abandoned\": 1}", NONE,
        NONE, 1);
    struct sample now = sample_of(
        FIRST,
        "{\"served\": 200, \"taken\": 215, \"bytes\": 3000, \"denied\": 20, \"loop\": 5, \"abandoned\": 2}",
        NONE, NONE, 3.5);
    struct rates rates;

    rates_compute(&rates, &before, &now);
    cr_assert_float_eq(rates.greetings, (175 - 90) / 2.5, 1e-9);
    cr_assert_float_eq(rates.refusals, (25 - 10) / 2.5, 1e-9);
    cr_assert_float_eq(rates.bytes, 800, 1e-9);
    cr_assert_eq(rates.connections, 13);
    rates_free(&rates);
    sample_free(&before);
    sample_free(&now);
}

Test(rates, nothing_is_known_from_one_sample)
{
    struct sample now = sample_of(FIRST, "{\"served\": 9, \"taken\": 11}",
                                  "{\"listeners\": [{\"name\": \"a\", \"greetings\": 9}]}",
                                  "{\"workers\": [{\"worker\": 0, \"greeted\": 9}]}", 1);
    struct rates rates;

    rates_compute(&rates, NULL, &now);
    expect_unknown(&rates);
    cr_assert_eq(rates.connections, 2);
    cr_assert_float_eq(rates.listeners[0].greetings, RATES_UNKNOWN, 0);
    cr_assert_float_eq(rates.workers[0].clients, RATES_UNKNOWN, 0);
    rates_free(&rates);
    sample_free(&now);
}

/* Another process with the same id, as in a container, and no time in between. */
Test(rates, a_restart_begins_anew)
{
    struct sample before = sample_of(FIRST, "{\"served\": 9}", NONE, NONE, 1);
    struct sample other = sample_of(SECOND, "{\"served\": 1000}", NONE, NONE, 2);
    struct sample same_time = sample_of(FIRST, "{\"served\": 10}", NONE, NONE, 1);
    struct rates rates;

    rates_compute(&rates, &before, &other);
    expect_unknown(&rates);
    rates_free(&rates);
    rates_compute(&rates, &before, &same_time);
    expect_unknown(&rates);
    rates_free(&rates);
    sample_free(&before);
    sample_free(&other);
    sample_free(&same_time);
}

Test(rates, what_counts_less_than_before_counts_anew)
{
    struct sample before = sample_of(FIRST, "{\"served\": 1000, \"bytes\": 9223372036854775807}", NONE,
                                     "{\"workers\": [{\"worker\": 0, \"greeted\": 1000}]}", 1);
    struct sample now = sample_of(FIRST, "{\"served\": 10, \"bytes\": -9223372036854775807}", NONE,
                                  "{\"workers\": [{\"worker\": 0, \"greeted\": 4}]}", 2);
    struct rates rates;

    rates_compute(&rates, &before, &now);
    cr_assert_float_eq(rates.greetings, 10, 1e-9);
    cr_assert_float_eq(rates.bytes, 0, 0);
    cr_assert_float_eq(rates.workers[0].clients, 4, 1e-9);
    cr_assert_eq(rates.connections, 0);
    rates_free(&rates);
    sample_free(&before);
    sample_free(&now);
}

/* A reload numbers and orders them anew, and names another's address first. */
Test(rates, listeners_are_found_by_name)
{
    struct sample before = sample_of(FIRST, NONE,
                                     "{\"listeners\": [{\"name\": \"a\", \"greetings\": 10, \"refusals\": 1},"
                                     " {\"name\": \"b\", \"greetings\": 20}]}",
                                     NONE, 0);
    struct sample now = sample_of(
        FIRST, NONE,
        "{\"listeners\": [{\"name\": \"c\", \"greetings\": 5},"
        " {\"name\": \"b\", \"greetings\": 24, \"endpoint\": \"x\", \"trouble\": \"\", \"connections\": 3},"
        " {\"name\": \"b\", \"greetings\": 24, \"endpoint\": \"y\", \"trouble\": \"gone\"},"
        " {\"name\": \"a\", \"greetings\": 12, \"refusals\": 5}]}",
        NONE, 2);
    struct rates rates;

    rates_compute(&rates, &before, &now);
    cr_assert_eq(rates.listener_count, 3);
    cr_assert_float_eq(rates.listeners[0].greetings, RATES_UNKNOWN, 0);
    cr_assert_float_eq(rates.listeners[1].greetings, 2, 1e-9);
    cr_assert_str_eq(rates.listeners[1].endpoint, "x");
    cr_assert_str_eq(rates.listeners[1].trouble, "gone");
    cr_assert_eq(rates.listeners[1].addresses, 2);
    cr_assert_eq(rates.listeners[1].connections, 3);
    cr_assert_float_eq(rates.listeners[2].greetings, 1, 1e-9);
    cr_assert_float_eq(rates.listeners[2].refusals, 2, 1e-9);
    rates_free(&rates);
    sample_free(&before);
    sample_free(&now);
}

/* The successor of a worker goes on with its counters; one of another generation does not. */
Test(rates, workers_are_found_by_generation_and_number)
{
    struct sample before =
        sample_of(FIRST, NONE, NONE,
                  "{\"workers\": [{\"generation\": 1, \"worker\": 0, \"pid\": 7, \"greeted\": 10}]}", 0);
    struct sample now =
        sample_of(FIRST, NONE, NONE,
                  "{\"workers\": [{\"generation\": 2, \"worker\": 0, \"pid\": 9, \"greeted\": 100},"
                  " {\"generation\": 1, \"worker\": 0, \"pid\": 8, \"greeted\": 14, \"restarts\": 1}]}",
                  1);
    struct rates rates;

    rates_compute(&rates, &before, &now);
    cr_assert_eq(rates.worker_count, 2);
    cr_assert_float_eq(rates.workers[0].clients, RATES_UNKNOWN, 0);
    cr_assert_float_eq(rates.workers[1].clients, 4, 1e-9);
    cr_assert_eq(rates.workers[1].restarts, 1);
    rates_free(&rates);
    sample_free(&before);
    sample_free(&now);
}

Test(rates, answers_may_be_anything)
{
    static const char *const texts[] = {
        "{}", "{\"listeners\": 1, \"workers\": {}}",
        "{\"listeners\": [1, null, {\"name\": 3, \"greetings\": \"x\"}], \"workers\": [[], 2]}"};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
            struct sample before = sample_of(texts[i], texts[i], texts[i], texts[i], 0);
            struct sample now = sample_of(texts[k], texts[k], texts[k], texts[k], 1);
            struct rates rates;

            rates_compute(&rates, &before, &now);
            cr_assert_float_eq(rates.greetings, 0, 0);
            cr_assert_leq(rates.listener_count, 3);
            cr_assert_eq(rates.worker_count, k == 2 ? 2 : 0);
            rates_free(&rates);
            sample_free(&before);
            sample_free(&now);
        }
}
