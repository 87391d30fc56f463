/* SPDX-License-Identifier: MIT */
#include "master/meter.h"

#include "base/util.h"
#include "master/failure.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LISTENERS 2

/* A service with a generation of one worker, which nobody has forked. */
struct setup {
    struct plan plan;
    struct conf_listener listeners[LISTENERS];
    struct conf conf;
    unsigned references;
    struct failure failure;
    struct generations generations;
    struct view view;
    struct meter meter;
};

static struct generation *add_generation(struct setup *setup, unsigned number)
{
    struct generation *generation = calloc(1, sizeof(*generation));
    const struct shared_room room = {.workers = 1, .threads = 1, .listeners = LISTENERS};

    cr_assert_not_null(generation);
    generation->number = number;
    generation->state = GENERATION_SERVING;
    generation->conf = &setup->conf;
    cr_assert_eq(shared_open(&generation->shared, setup->generations.service, &room), 0);
    cr_assert_eq(slots_open(&generation->slots, 1, SLOT_NEVER), 0);
    generation->rows = calloc(LISTENERS, sizeof(*generation->rows));
    cr_assert_not_null(generation->rows);
    setup->generations.all[setup->generations.count++] = generation;
    setup->generations.serving = generation;
    ledger_join(&setup->generations.accounts.ledger, &setup->conf, generation->rows);
    return generation;
}

static void open_setup(struct setup *setup, unsigned needs)
{
    *setup = (struct setup){.plan = {.needs = needs}, .references = 1000};
    setup->listeners[0] = (struct conf_listener){.name = "web", .plan = &setup->plan};
    setup->listeners[1] =
        (struct conf_listener){.name = "dns", .transport = TRANSPORT_UDP, .plan = &setup->plan};
    setup->conf = (struct conf){
        .listeners = setup->listeners, .listener_count = LISTENERS, .references = &setup->references};
    setup->generations.inheritance =
        (struct inheritance){.lifeline = {-1, -1}, .ready = {-1, -1}, .announce_fd = -1, .attention_fd = -1};
    setup->generations.failure = &setup->failure;
    setup->generations.service = shared_service_open();
    cr_assert_not_null(setup->generations.service);
    cr_assert_eq(ledger_open(&setup->generations.accounts.ledger), 0);
    setup->view = (struct view){.generations = &setup->generations, .reloads = 3, .reloads_refused = 1};
}

static void close_setup(struct setup *setup)
{
    meter_close(&setup->meter);
    for (unsigned i = 0; i < setup->generations.count; i++)
        generation_free(setup->generations.all[i], false);
    shared_service_close(setup->generations.service);
    ledger_close(&setup->generations.accounts.ledger);
}

/* What the only worker of a generation counted. */
static struct stats_listener *counters(const struct generation *generation, size_t listener)
{
    atomic_store(&shared_counted(&generation->shared, 0, 0)[listener], true);
    return &shared_listeners(&generation->shared, 0, 0)[listener];
}

static void serve(const struct generation *generation, size_t listener, uint64_t clients)
{
    struct stats_listener *stats = counters(generation, listener);

    stats_add(&stats->taken, clients);
    stats_add(&stats->results[RESULT_SENT], clients);
    stats_add(&shared_thread(&generation->shared, 0, 0)->stats.summarised, clients);
}

/* As a worker reads it. */
static struct metrics *metrics(struct setup *setup, int64_t now)
{
    static _Alignas(
        uint64_t) char room[sizeof(struct metrics) + METRICS_LISTENERS * sizeof(struct metrics_listener)];
    struct metrics *read = (struct metrics *)(void *)room;

    meter_step(&setup->meter, &setup->view, now);
    cr_assert(shared_metrics(setup->generations.service, read));
    return read;
}

Test(meter, nothing_is_summed_where_no_listener_tells)
{
    struct setup setup;
    struct metrics *room = malloc(metrics_size(METRICS_LISTENERS));

    open_setup(&setup, 0);
    add_generation(&setup, 1);
    cr_expect_eq(meter_step(&setup.meter, &setup.view, NS_PER_S), SLOT_NEVER);
    cr_expect_not(shared_metrics(setup.generations.service, room));
    free(room);
    close_setup(&setup);
}

Test(meter, sums_what_workers_counted_once_a_second)
{
    struct setup setup;
    struct generation *generation;
    const struct metrics *read;

    open_setup(&setup, PLAN_METRICS);
    generation = add_generation(&setup, 1);
    serve(generation, 0, 5);
    serve(generation, 1, 7);
    cr_expect_eq(meter_step(&setup.meter, &setup.view, NS_PER_S), 2 * NS_PER_S);
    serve(generation, 0, 1);
    read = metrics(&setup, 2 * NS_PER_S - 1);
    cr_expect_eq(totals_served(&read->totals), 12);
    read = metrics(&setup, 2 * NS_PER_S);
    cr_expect_eq(totals_served(&read->totals), 13);
    cr_assert_eq(read->listener_count, 2);
    cr_expect_str_eq(read->listeners[0].name, "web");
    cr_expect_eq(read->listeners[0].clients.taken, 6);
    cr_expect_eq(read->listeners[1].transport, TRANSPORT_UDP);
    cr_expect_eq(read->listeners[1].clients.results[RESULT_SENT], 7);
    cr_expect_eq(read->generation, 1);
    cr_expect_eq(read->workers_wanted, 1);
    cr_expect_eq(read->reloads, 3);
    cr_expect_eq(read->reloads_refused, 1);
    close_setup(&setup);
}

/* Neither while two serve side by side, nor when the counters of the one that ends become the master's. */
Test(meter, no_counter_goes_back_over_a_reload)
{
    struct setup setup;
    struct generation *old, *new;
    const struct metrics *read;
    int64_t now = NS_PER_S;

    open_setup(&setup, PLAN_METRICS);
    old = add_generation(&setup, 1);
    serve(old, 0, 5);
    new = add_generation(&setup, 2);
    serve(new, 0, 2);
    serve(new, 1, 1);
    read = metrics(&setup, now);
    cr_expect_eq(read->listeners[0].clients.taken, 7);
    old->state = GENERATION_DRAINING;
    stats_add(&counters(old, 0)->taken, 1); /* in the hands of a worker that is killed */
    generations_step(&setup.generations, now);
    cr_assert_eq(setup.generations.count, 1, "the old one has ended");
    read = metrics(&setup, now += NS_PER_S);
    cr_expect_eq(read->listeners[0].clients.taken, 8);
    cr_expect_eq(read->listeners[0].clients.results[RESULT_SENT], 7);
    cr_expect_eq(read->listeners[0].clients.abandoned, 1);
    cr_expect_eq(totals_served(&read->totals), 8);
    cr_expect_eq(read->totals.summarised, 8);
    serve(new, 0, 1);
    read = metrics(&setup, now + NS_PER_S);
    cr_expect_eq(read->listeners[0].clients.taken, 9);
    close_setup(&setup);
}

/* Every worker can write there. */
Test(meter, a_worker_that_was_taken_over_cannot_make_others_read_beyond_what_is_there)
{
    struct setup setup;
    struct metrics *forged = calloc(1, metrics_size(METRICS_LISTENERS)), *room;

    room = malloc(metrics_size(METRICS_LISTENERS));
    cr_assert(forged && room);
    open_setup(&setup, PLAN_METRICS);
    forged->listener_count = 5;
    snapshot_write(&setup.generations.service->metrics, forged, metrics_size(4));
    cr_expect_not(shared_metrics(setup.generations.service, room));
    forged->listener_count = UINT64_MAX;
    snapshot_write(&setup.generations.service->metrics, forged, metrics_size(4));
    cr_expect_not(shared_metrics(setup.generations.service, room));
    forged->listener_count = 1;
    memset(forged->listeners[0].name, 'x', METRICS_NAME);
    forged->listeners[0].transport = 99;
    forged->state.word = (enum state_word)99;
    memset(forged->state.reason, 'x', sizeof(forged->state.reason));
    snapshot_write(&setup.generations.service->metrics, forged, metrics_size(1));
    cr_assert(shared_metrics(setup.generations.service, room));
    cr_expect_eq(strlen(room->listeners[0].name), METRICS_NAME - 1);
    cr_expect_eq(room->listeners[0].transport, TRANSPORT_COUNT);
    cr_expect(state_equal(&room->state, &STATE_DEFAULT), "that is not taken from there");
    free(forged);
    free(room);
    close_setup(&setup);
}
