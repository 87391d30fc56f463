/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "serve/account.h"
#include "shm/shared.h"

#include <criterion/criterion.h>
#include <sys/eventfd.h>

#define LISTENERS 3

static struct shared shared;
static struct shared_service *service;

static struct account new_account(bool each, uint32_t per_second)
{
    struct account account = {.each = each};

    shared_close(&shared); /* of the test before, where all run in one process */
    shared_service_close(service);
    service = shared_service_open();
    cr_assert_not_null(service);
    cr_assert_eq(shared_open(&shared, service,
                             &(struct shared_room){.workers = 1, .threads = 1, .listeners = LISTENERS}),
                 0);
    account.stats = &shared_thread(&shared, 0, 0)->stats;
    account.listeners = shared_listeners(&shared, 0, 0);
    account.counted = shared_counted(&shared, 0, 0);
    account.listener_count = LISTENERS;
    account.records = shared_records(&shared, 0, 0);
    account.asleep = &shared_logger(&shared, 0)->asleep;
    account.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    log_rate_attach(&account.rate, &service->rate, per_second);
    return account;
}

static struct totals totals(void)
{
    struct totals sum = {0};

    shared_sum(&shared, &sum);
    return sum;
}

static uint64_t accounted(const struct account *account)
{
    struct totals sum = totals();

    return ring_published(&account->records) + sum.summarised + sum.dropped;
}

static void serve_at(struct account *account, size_t listener, int64_t now)
{
    struct account_listener clients = account_listener(account, listener);

    account_taken(&clients, 1);
    if (account_result(account, &clients, RESULT_SENT, 26, now - NS_PER_MS, now))
        account_publish(account);
}

static void serve_one(struct account *account, int64_t now)
{
    serve_at(account, 0, now);
}

static struct tally tally(size_t listener)
{
    struct tally sum = {0};

    shared_sum_listener(&shared, listener, &sum);
    return sum;
}

Test(account, every_client_is_written_summarised_or_dropped)
{
    struct account account = new_account(true, 3);
    struct totals sum;

    for (int i = 0; i < 10; i++)
        serve_one(&account, NS_PER_S);
    sum = totals();
    cr_assert_eq(totals_served(&sum), 10);
    cr_assert_eq(sum.clients.bytes, 260);
    cr_assert_eq(ring_published(&account.records), 3);
    cr_assert_eq(sum.summarised, 7);
    cr_assert_eq(accounted(&account), 10);
}

Test(account, what_finds_no_room_is_dropped_and_counted)
{
    struct account account = new_account(true, 100000);
    struct totals sum;

    for (int i = 0; i < SHARED_RECORDS + 5; i++)
        serve_one(&account, NS_PER_S);
    sum = totals();
    cr_assert_eq(sum.dropped, 5);
    cr_assert_eq(accounted(&account), totals_served(&sum));
}

Test(account, a_successor_repairs_what_a_killed_thread_left)
{
    struct account account = new_account(true, 100);
    struct account_listener clients = account_listener(&account, 0);
    struct totals sum;

    serve_one(&account, NS_PER_S);
    account_taken(&clients, 3); /* two still in its hands, one … */
    cr_assert_not_null(account_result(&account, &clients, RESULT_RESET, 0, 0,
                                      NS_PER_S)); /* … killed before it was published */
    account_reconcile(&account);
    sum = totals();
    cr_assert_eq(totals_served(&sum), 2);
    cr_assert_eq(sum.dropped, 1);
    cr_assert_eq(sum.clients.abandoned, 2);
    cr_assert_eq(accounted(&account), totals_served(&sum));
    account_reconcile(&account);
    cr_assert_eq(totals().clients.abandoned, 2);
}

Test(account, each_listener_has_its_own_clients)
{
    struct account account = new_account(true, 100);
    struct account_listener last = account_listener(&account, LISTENERS - 1);
    struct totals sum;

    serve_one(&account, NS_PER_S);
    for (int i = 0; i < 3; i++)
        serve_at(&account, LISTENERS - 1, NS_PER_S);
    account_taken(&last, 2);
    cr_expect_not_null(account_result(&account, &last, RESULT_DENIED, 0, NS_PER_S, NS_PER_S));
    account_publish(&account);
    account_reconcile(&account); /* one was still in its hands */
    cr_expect_eq(tally(0).results[RESULT_SENT], 1);
    cr_expect_eq(tally(1).taken, 0);
    cr_expect_eq(tally(LISTENERS - 1).results[RESULT_SENT], 3);
    cr_expect_eq(tally(LISTENERS - 1).results[RESULT_DENIED], 1);
    cr_expect_eq(tally(LISTENERS - 1).bytes, 3 * 26);
    cr_expect_eq(tally(LISTENERS - 1).abandoned, 1);
    cr_expect_eq(tally(0).abandoned, 0);
    sum = totals();
    cr_expect_eq(totals_served(&sum), 5);
    cr_expect_eq(sum.clients.taken, 6);
    cr_expect_eq(accounted(&account), 5);
}

Test(account, what_no_client_came_for_is_not_read)
{
    struct account account = new_account(true, 100);

    serve_one(&account, NS_PER_S);
    account.listeners[1].taken = 7; /* as nobody does */
    cr_expect_eq(totals().clients.taken, 1);
    cr_expect_eq(tally(1).taken, 0);
    cr_expect(shared_has_counted(&shared, 0));
}

Test(account, wakes_a_sleeping_logger_once)
{
    struct account account = new_account(true, 100);
    uint64_t value;

    serve_one(&account, NS_PER_S);
    cr_assert_lt(read(account.wake_fd, &value, sizeof(value)), 0);
    atomic_store(account.asleep, 1);
    serve_one(&account, NS_PER_S);
    serve_one(&account, NS_PER_S);
    cr_assert_eq(read(account.wake_fd, &value, sizeof(value)), (ssize_t)sizeof(value));
    cr_assert_eq(value, 1);
}

Test(account, summary_only_writes_nothing)
{
    struct account account = new_account(false, 100);

    serve_one(&account, NS_PER_S);
    cr_assert_eq(ring_published(&account.records), 0);
    cr_assert_eq(totals().summarised, 1);
}

Test(account, a_record_says_when_its_client_came_and_how_long_it_stayed)
{
    struct account account = new_account(true, 100);
    int64_t arrived, duration;
    uint64_t position;
    const struct record *record;

    serve_one(&account, NS_PER_S);
    record = ring_peek(&account.records, &position);
    cr_assert_not_null(record);
    record_times(record, 2 * NS_PER_S, &arrived, &duration);
    cr_assert_eq(arrived, NS_PER_S - NS_PER_MS);
    cr_assert_eq(duration, NS_PER_MS);
}
