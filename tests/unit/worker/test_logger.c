/* SPDX-License-Identifier: MIT */
#include "worker/logger.h"

#include "log/log.h"
#include "shm/record.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define LOGGERS 2

static struct conf_listener listener = {.name = "front", .transport = TRANSPORT_TCP};
static struct conf conf = {
    .listeners = &listener, .listener_count = 1, .log_summary_interval_ns = 20 * NS_PER_MS};
static struct shared_service *service;
static struct shared shared;
static _Atomic bool stop;
static struct logger loggers[LOGGERS];
static pthread_t threads[LOGGERS];
static int errors;       /* standard error, as it was */
static FILE *log_output; /* what it is now */

/* Standard error goes into a file, or to path; loggers of so many workers can run. */
static void open_log(const char *path)
{
    int fd;

    log_output = path ? fopen(path, "w") : tmpfile();
    cr_assert_not_null(log_output);
    errors = dup(STDERR_FILENO);
    fd = dup2(fileno(log_output), STDERR_FILENO);
    cr_assert_eq(fd, STDERR_FILENO);
    fcntl(fd, F_SETFL, O_APPEND); /* loggers share the end of it */
    service = shared_service_open();
    cr_assert_not_null(service);
    cr_assert_eq(shared_open(&shared, service,
                             &(struct shared_room){.workers = LOGGERS, .threads = 1, .listeners = 1}),
                 0);
    log_share(&service->failures);
    log_open(CONF_LOG_STDERR, LOG_INFO);
    atomic_store(&stop, false);
    for (unsigned i = 0; i < LOGGERS; i++)
        loggers[i] = (struct logger){.conf = &conf,
                                     .shared = &shared,
                                     .worker = i,
                                     .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                                     .stop = &stop};
}

static void start(void)
{
    for (unsigned i = 0; i < LOGGERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, logger_run, &loggers[i]), 0);
}

/* Ends the loggers, and gives standard error back. */
static void finish(bool is_last)
{
    for (unsigned i = 0; i < LOGGERS; i++)
        loggers[i].is_last = is_last;
    atomic_store(&stop, true);
    for (unsigned i = 0; i < LOGGERS; i++) {
        cr_assert_eq(write(loggers[i].wake_fd, &(uint64_t){1}, sizeof(uint64_t)), (ssize_t)sizeof(uint64_t));
        pthread_join(threads[i], NULL);
        close_fd(&loggers[i].wake_fd);
    }
    dup2(errors, STDERR_FILENO);
    close_fd(&errors);
}

static void forget(void)
{
    log_share(NULL);
    shared_close(&shared);
    shared_service_close(service);
    fclose(log_output);
}

static const char *content(void)
{
    static char text[65536];
    ssize_t n = pread(fileno(log_output), text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* How many lines match, and the sum of the numbers that the first group of pattern found. */
static unsigned count_lines(const char *pattern, unsigned long *sum)
{
    const char *p = content();
    regmatch_t match[2];
    unsigned lines = 0;
    regex_t regex;

    *sum = 0;
    cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE), 0);
    for (; regexec(&regex, p, 2, match, 0) == 0; p += match[0].rm_eo, lines++)
        *sum += match[1].rm_so >= 0 ? strtoul(p + match[1].rm_so, NULL, 10) : 0;
    regfree(&regex);
    return lines;
}

static void wait_for(const char *text)
{
    int64_t end = monotonic_ns() + 10 * NS_PER_S;

    while (!strstr(content(), text) && monotonic_ns() < end)
        usleep(1000);
    if (strstr(content(), text))
        return;
    dup2(errors, STDERR_FILENO);
    cr_assert_fail("waited in vain for %s", text);
}

static void put_record(unsigned worker, unsigned result)
{
    struct ring ring = shared_records(&shared, worker, 0);
    struct record *record = ring_reserve(&ring);

    cr_assert_not_null(record);
    *record = (struct record){.client.family = AF_INET, .result = result & 0xff, .bytes = 26};
    atomic_store(shared_counted(&shared, worker, 0), true);
    stats_add(&shared_listeners(&shared, worker, 0)->results[RESULT_SENT], 1);
    ring_publish(&ring);
}

static uint64_t dropped(void)
{
    struct totals totals = {0};

    shared_sum(&shared, &totals);
    return totals.dropped;
}

Test(logger, counts_as_written_what_the_log_took)
{
    unsigned long unused;

    open_log(NULL);
    for (int i = 0; i < 5; i++)
        put_record(0, RESULT_SENT);
    put_record(1, RESULT_COUNT); /* nobody can have written that on purpose */
    start();
    finish(true);
    cr_expect_eq(shared_written(&shared), 5);
    cr_expect_eq(dropped(), 1);
    cr_expect_eq(count_lines("Got connection from .* on front, sent 26 bytes$", &unused), 5);
    forget();
}

/* Without a journald, and on a full disk, every greeting counted as written, and not a line was anywhere. */
Test(logger, counts_as_dropped_what_the_log_did_not_take)
{
    open_log("/dev/full");
    for (int i = 0; i < 5; i++)
        put_record(0, RESULT_SENT);
    start();
    finish(true);
    cr_expect_eq(shared_written(&shared), 0);
    cr_expect_eq(dropped(), 5);
    cr_expect_eq(atomic_load(&service->unreported.dropped), 5, "to be said when the log takes something");
    forget();
}

/* Each worker wrote its own summary. */
Test(logger, says_one_summary_for_the_service_in_which_nothing_is_missing_or_twice)
{
    struct ring ring;
    unsigned long sum;

    open_log(NULL);
    ring = shared_records(&shared, 0, 0);
    stats_add(&shared_thread(&shared, 0, 0)->stats.summarised, 70);
    stats_add(&shared_thread(&shared, 1, 0)->stats.summarised, 7);
    stats_add(&shared_thread(&shared, 1, 0)->stats.dropped, 3);
    start();
    wait_for("Served ");
    finish(true);
    cr_expect_leq(count_lines("Served ([0-9]+) ", &sum), 2);
    cr_expect_eq(sum, 77);
    cr_expect_eq(count_lines(" ([0-9]+) log entr(y|ies) about clients dropped", &sum), 1);
    cr_expect_eq(sum, 3);
    cr_expect_eq(ring_released(&ring), 0);
    forget();
}

/* The workers of a generation that was replaced leave their counts to those of the next. */
Test(logger, leaves_the_last_counts_to_whoever_serves_on)
{
    unsigned long sum;

    conf.log_summary_interval_ns = 3600 * NS_PER_S;
    open_log(NULL);
    stats_add(&shared_thread(&shared, 0, 0)->stats.summarised, 70);
    start();
    finish(false);
    cr_expect_eq(count_lines("Served ([0-9]+) ", &sum), 0);
    cr_expect_eq(atomic_load(&service->unreported.summarised), 70);
    conf.log_summary_interval_ns = 20 * NS_PER_MS;
    forget();
}

/* A worker that was taken over wrote positions far ahead, and loggers wrote 200 MB of forged entries. */
Test(logger, empties_a_queue_that_claims_more_than_fits_and_says_so_once)
{
    struct ring events, records;
    unsigned long unused;

    open_log(NULL);
    atomic_store(&service->event_reader, (int)getpid());
    events = shared_master_events(service);
    records = shared_records(&shared, 0, 0);
    atomic_store(&events.state->published, UINT64_C(1) << 40);
    atomic_store(&records.state->published, UINT64_C(1) << 40);
    start();
    wait_for("A queue of log entries was discarded");
    finish(true);
    cr_expect_eq(ring_published(&events), 0);
    cr_expect_eq(ring_published(&records), 0);
    cr_expect_leq(count_lines("A queue of log entries was discarded [0-9]+ times", &unused), 2);
    cr_expect_lt(strlen(content()), 1000);
    forget();
}

/* With more events at once than fit, the entry "Ready" was missing, and nothing said so. */
Test(logger, says_how_many_events_found_no_room)
{
    unsigned long sum;
    struct ring ring;

    open_log(NULL);
    ring = shared_events(&shared, 0);
    log_use_ring(&ring, &shared_logger(&shared, 0)->asleep, loggers[0].wake_fd);
    for (int i = 0; i < SHARED_EVENTS + 9; i++)
        log_info("number %d", i);
    log_use_stderr();
    start();
    wait_for("messages about the service");
    finish(true);
    cr_expect_eq(count_lines("number ([0-9]+)$", &sum), SHARED_EVENTS);
    cr_expect_eq(count_lines(" ([0-9]+) messages? about the service missing here", &sum), 1);
    cr_expect_eq(sum, 9);
    forget();
}
