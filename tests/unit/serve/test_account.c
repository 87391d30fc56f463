/* SPDX-License-Identifier: MIT */
#include "base/util.h"
#include "serve/account.h"
#include "shm/shm.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/eventfd.h>

static struct shared shared;
static struct shared_service *service;

static struct account new_account(bool each, uint32_t per_second)
{
    struct account account = {.each = each};

    shared_close(&shared); /* of the test before, where all run in one process */
    shared_service_close(service);
    service = shared_service_open();
    cr_assert_not_null(service);
    cr_assert_eq(shared_open(&shared, service, 1, 1, 0, 0), 0);
    account.stats = &shared_thread(&shared, 0, 0)->stats;
    account.records = shared_records(&shared, 0, 0);
    account.asleep = &shared_logger(&shared, 0)->asleep;
    account.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    log_rate_attach(&account.rate, &service->rate, per_second);
    return account;
}

static struct stats_totals totals(void)
{
    struct stats_totals sum = {0};

    shared_sum(&shared, &sum);
    return sum;
}

static uint64_t accounted(const struct account *account)
{
    struct stats_totals sum = totals();

    return ring_published(&account->records) + sum.summarised + sum.dropped;
}

static void serve_one(struct account *account, int64_t now)
{
    account_taken(account, 1);
    if (account_result(account, RESULT_SENT, 26, now - NS_PER_MS, now))
        account_publish(account);
}

Test(account, every_client_is_written_summarised_or_dropped)
{
    struct account account = new_account(true, 3);
    struct stats_totals sum;

    for (int i = 0; i < 10; i++)
        serve_one(&account, NS_PER_S);
    sum = totals();
    cr_assert_eq(stats_served(&sum), 10);
    cr_assert_eq(sum.bytes, 260);
    cr_assert_eq(ring_published(&account.records), 3);
    cr_assert_eq(sum.summarised, 7);
    cr_assert_eq(accounted(&account), 10);
}

Test(account, what_finds_no_room_is_dropped_and_counted)
{
    struct account account = new_account(true, 100000);
    struct stats_totals sum;

    for (int i = 0; i < SHARED_RECORDS + 5; i++)
        serve_one(&account, NS_PER_S);
    sum = totals();
    cr_assert_eq(sum.dropped, 5);
    cr_assert_eq(accounted(&account), stats_served(&sum));
}

Test(account, a_successor_repairs_what_a_killed_thread_left)
{
    struct account account = new_account(true, 100);
    struct stats_totals sum;

    serve_one(&account, NS_PER_S);
    account_taken(&account, 3); /* two still in its hands, one … */
    cr_assert_not_null(
        account_result(&account, RESULT_RESET, 0, 0, NS_PER_S)); /* … killed before it was published */
    account_reconcile(&account);
    sum = totals();
    cr_assert_eq(stats_served(&sum), 2);
    cr_assert_eq(sum.dropped, 1);
    cr_assert_eq(sum.abandoned, 2);
    cr_assert_eq(accounted(&account), stats_served(&sum));
    account_reconcile(&account);
    cr_assert_eq(totals().abandoned, 2);
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
