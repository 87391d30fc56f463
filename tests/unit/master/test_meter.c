/* SPDX-License-Identifier: MIT */
#include "master/meter.h"

#include "base/util.h"
#include "master/failure.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LISTENERS 2

/* A service with a generation of one worker, which nobody has forked. */
struct house {
    struct plan plan;
    struct conf_listener listeners[LISTENERS];
    struct conf conf;
    unsigned references;
    struct failure failure;
    struct generations generations;
    struct view view;
    struct meter meter;
};

static struct generation *add_generation(struct house *house, unsigned number)
{
    struct generation *generation = calloc(1, sizeof(*generation));
    const struct shared_room room = {.workers = 1, .threads = 1, .listeners = LISTENERS};

    cr_assert_not_null(generation);
    generation->number = number;
    generation->state = GENERATION_SERVING;
    generation->conf = &house->conf;
    cr_assert_eq(shared_open(&generation->shared, house->generations.service, &room), 0);
    cr_assert_eq(slots_open(&generation->slots, 1, SLOT_NEVER), 0);
    generation->rows = calloc(LISTENERS, sizeof(*generation->rows));
    cr_assert_not_null(generation->rows);
    house->generations.all[house->generations.count++] = generation;
    house->generations.serving = generation;
    ledger_join(&house->generations.accounts.ledger, &house->conf, generation->rows);
    return generation;
}

static void open_house(struct house *house, unsigned needs)
{
    *house = (struct house){.plan = {.needs = needs}, .references = 1000};
    house->listeners[0] = (struct conf_listener){.name = "web", .plan = &house->plan};
    house->listeners[1] =
        (struct conf_listener){.name = "dns", .transport = TRANSPORT_UDP, .plan = &house->plan};
    house->conf = (struct conf){
        .listeners = house->listeners, .listener_count = LISTENERS, .references = &house->references};
    house->generations.inheritance =
        (struct inheritance){.lifeline = {-1, -1}, .ready = {-1, -1}, .announce_fd = -1, .attention_fd = -1};
    house->generations.failure = &house->failure;
    house->generations.service = shared_service_open();
    cr_assert_not_null(house->generations.service);
    cr_assert_eq(ledger_open(&house->generations.accounts.ledger), 0);
    house->view = (struct view){.generations = &house->generations, .reloads = 3, .reloads_refused = 1};
}

static void close_house(struct house *house)
{
    meter_close(&house->meter);
    for (unsigned i = 0; i < house->generations.count; i++)
        generation_free(house->generations.all[i], false);
    shared_service_close(house->generations.service);
    ledger_close(&house->generations.accounts.ledger);
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
static struct metrics *metrics(struct house *house, int64_t now)
{
    static _Alignas(
        uint64_t) char room[sizeof(struct metrics) + METRICS_LISTENERS * sizeof(struct metrics_listener)];
    struct metrics *read = (struct metrics *)(void *)room;

    meter_step(&house->meter, &house->view, now);
    cr_assert(shared_metrics(house->generations.service, read));
    return read;
}

Test(meter, nothing_is_summed_where_no_listener_tells)
{
    struct house house;
    struct metrics *room = malloc(metrics_size(METRICS_LISTENERS));

    open_house(&house, 0);
    add_generation(&house, 1);
    cr_expect_eq(meter_step(&house.meter, &house.view, NS_PER_S), SLOT_NEVER);
    cr_expect_not(shared_metrics(house.generations.service, room));
    free(room);
    close_house(&house);
}

Test(meter, sums_what_workers_counted_once_a_second)
{
    struct house house;
    struct generation *generation;
    const struct metrics *read;

    open_house(&house, PLAN_METRICS);
    generation = add_generation(&house, 1);
    serve(generation, 0, 5);
    serve(generation, 1, 7);
    cr_expect_eq(meter_step(&house.meter, &house.view, NS_PER_S), 2 * NS_PER_S);
    serve(generation, 0, 1);
    read = metrics(&house, 2 * NS_PER_S - 1);
    cr_expect_eq(totals_served(&read->totals), 12);
    read = metrics(&house, 2 * NS_PER_S);
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
    close_house(&house);
}

/* Neither while two serve side by side, nor when the counters of the one that ends become the master's. */
Test(meter, no_counter_goes_back_over_a_reload)
{
    struct house house;
    struct generation *old, *new;
    const struct metrics *read;
    int64_t now = NS_PER_S;

    open_house(&house, PLAN_METRICS);
    old = add_generation(&house, 1);
    serve(old, 0, 5);
    new = add_generation(&house, 2);
    serve(new, 0, 2);
    serve(new, 1, 1);
    read = metrics(&house, now);
    cr_expect_eq(read->listeners[0].clients.taken, 7);
    old->state = GENERATION_DRAINING;
    stats_add(&counters(old, 0)->taken, 1); /* in the hands of a worker that is killed */
    generations_step(&house.generations, now);
    cr_assert_eq(house.generations.count, 1, "the old one has ended");
    read = metrics(&house, now += NS_PER_S);
    cr_expect_eq(read->listeners[0].clients.taken, 8);
    cr_expect_eq(read->listeners[0].clients.results[RESULT_SENT], 7);
    cr_expect_eq(read->listeners[0].clients.abandoned, 1);
    cr_expect_eq(totals_served(&read->totals), 8);
    cr_expect_eq(read->totals.summarised, 8);
    serve(new, 0, 1);
    read = metrics(&house, now + NS_PER_S);
    cr_expect_eq(read->listeners[0].clients.taken, 9);
    close_house(&house);
}

/* Every worker can write there. */
Test(meter, a_worker_that_was_taken_over_cannot_make_others_read_beyond_what_is_there)
{
    struct house house;
    struct metrics *forged = calloc(1, metrics_size(METRICS_LISTENERS)), *room;

    room = malloc(metrics_size(METRICS_LISTENERS));
    cr_assert(forged && room);
    open_house(&house, PLAN_METRICS);
    forged->listener_count = 5;
    snapshot_write(&house.generations.service->metrics, forged, metrics_size(4));
    cr_expect_not(shared_metrics(house.generations.service, room));
    forged->listener_count = UINT64_MAX;
    snapshot_write(&house.generations.service->metrics, forged, metrics_size(4));
    cr_expect_not(shared_metrics(house.generations.service, room));
    forged->listener_count = 1;
    memset(forged->listeners[0].name, 'x', METRICS_NAME);
    forged->listeners[0].transport = 99;
    forged->state.word = (enum state_word)99;
    memset(forged->state.reason, 'x', sizeof(forged->state.reason));
    snapshot_write(&house.generations.service->metrics, forged, metrics_size(1));
    cr_assert(shared_metrics(house.generations.service, room));
    cr_expect_eq(strlen(room->listeners[0].name), METRICS_NAME - 1);
    cr_expect_eq(room->listeners[0].transport, TRANSPORT_COUNT);
    cr_expect(state_equal(&room->state, &STATE_DEFAULT), "that is not taken from there");
    free(forged);
    free(room);
    close_house(&house);
}
