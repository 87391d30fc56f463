/* SPDX-License-Identifier: MIT */
#include "worker/logger.h"

#include "log/log.h"
#include "shm/event.h"
#include "shm/record.h"
#include "worker/entry.h"
#include "worker/summary.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define BURST            256 /* entries from one ring before the others get their turn */
#define REFUSED_INTERVAL (30 * NS_PER_S)
#define REPEAT_AFTER     (10 * NS_PER_S) /* for what may happen often: at most one line in this time */

static bool is_report_due(const struct logger *logger)
{
    return monotonic_ns() >= logger->next_report;
}

/* An entry that the log did not take counts before the record is released, so that it counts in any case. */
static bool drain_records(struct logger *logger, unsigned thread)
{
    struct ring ring = shared_records(logger->shared, logger->worker, thread);
    const struct peer_address *proxies = shared_proxies(logger->shared, logger->worker, thread);
    const struct record *shared;
    uint64_t position;
    int count = 0;

    for (; count < BURST && !is_report_due(logger) && (shared = ring_peek(&ring, &position)); count++) {
        struct record record = *shared;

        if (!entry_write(logger->conf, &record, &proxies[ring_index(&ring, shared)]))
            stats_add(&shared_logger(logger->shared, logger->worker)->lost, 1);
        ring_release(&ring, position);
    }
    logger->mended += ring_repair(&ring);
    return count > 0;
}

/* The master's events may have two readers while one follows the other: what the other has released meanwhile
 * is not written again, and what was copied of it is not whole. */
static bool drain_events(struct logger *logger, struct ring ring)
{
    const struct event *shared;
    uint64_t position;
    int count = 0;

    for (; count < BURST && (shared = ring_peek(&ring, &position)); count++) {
        struct event event = *shared;

        if (!ring_holds(&ring, position))
            continue;
        log_write_event(&event);
        ring_release(&ring, position);
    }
    if (count > 0)
        log_report_lost();
    logger->mended += ring_repair(&ring);
    return count > 0;
}

static bool drain(struct logger *logger)
{
    bool any = drain_events(logger, shared_events(logger->shared, logger->worker));

    if (atomic_load(&logger->shared->service->event_reader) == (int)getpid())
        any |= drain_events(logger, shared_master_events(logger->shared->service));
    for (unsigned thread = 0; thread < logger->shared->threads; thread++)
        any |= drain_records(logger, thread);
    return any;
}

static void report_pauses(struct logger *logger, int64_t now)
{
    uint64_t pauses = shared_accept_pauses(logger->shared, logger->worker);
    char message[256];
    int error = 0;

    if (pauses == logger->pauses_reported || now < logger->next_pause_report)
        return;
    for (unsigned thread = 0; thread < logger->shared->threads && !error; thread++)
        error = atomic_load(&shared_thread(logger->shared, logger->worker, thread)->pause_error);
    snprintf(message, sizeof(message), "Accepting paused %" PRIu64 " times: %s",
             pauses - logger->pauses_reported, error ? strerror(error) : "limits.connections is reached");
    log_write_count(LOG_WARNING, MESSAGE_ACCEPT_PAUSED, pauses - logger->pauses_reported, message);
    logger->pauses_reported = pauses;
    logger->next_pause_report = now + REPEAT_AFTER;
}

static void report_mended(struct logger *logger, int64_t now)
{
    char message[160];

    if (logger->mended == 0 || now < logger->next_mend_report)
        return;
    snprintf(message, sizeof(message),
             "A queue of log entries was emptied %" PRIu64
             " times: it claimed more than it has room for, as only a fault or an attack can make it",
             logger->mended);
    log_write(LOG_ERR, NULL, message, NULL, 0);
    logger->mended = 0;
    logger->next_mend_report = now + REPEAT_AFTER;
}

static bool writes_each(const struct logger *logger)
{
    return logger->conf->log_greetings == CONF_GREETINGS_EACH;
}

static void say_summary(const struct logger *logger, int64_t since, int64_t now)
{
    summary_say(&logger->shared->service->unreported, writes_each(logger),
                ((double)now - (double)since) / NS_PER_S, log_write_count);
}

/* At most once in an interval. */
static void say_refused(const struct logger *logger, int64_t interval, int64_t now)
{
    struct talkers refused;

    if (talkers_take(&refused, &logger->shared->service->refused, interval, now))
        summary_say_refused(&refused, logger->conf->dry_run, log_write_count);
}

/* Greeting threads do not ring for what they only count, so this is due by the clock, also under load. */
static void report(struct logger *logger)
{
    int64_t now = monotonic_ns(), since;

    report_pauses(logger, now);
    report_mended(logger, now);
    if (now < logger->next_report)
        return;
    logger->next_report = now + logger->conf->log_summary_interval_ns;
    summary_hand_over(logger->conf, logger->shared, logger->worker);
    if (summary_take_turn(logger->conf, logger->shared->service, &since, now))
        say_summary(logger, since, now);
    say_refused(logger, REFUSED_INTERVAL, now);
    log_report_lost();
}

/* Falls asleep unless something came meanwhile. */
static void wait_for_work(struct logger *logger)
{
    struct shared_logger *state = shared_logger(logger->shared, logger->worker);
    struct pollfd wake = {.fd = logger->wake_fd, .events = POLLIN};
    int64_t wait = logger->next_report - monotonic_ns();
    uint64_t value;

    atomic_store(&state->asleep, 1);
    if (!drain(logger) && !atomic_load(logger->stop))
        poll(&wake, 1, wait > 0 ? (int)(wait / NS_PER_MS) + 1 : 0);
    atomic_store(&state->asleep, 0);
    if (read(logger->wake_fd, &value, sizeof(value)) < 0)
        return; /* nobody rang */
}

static void end(struct logger *logger)
{
    logger->next_report = INT64_MAX;
    while (drain(logger))
        ;
    summary_hand_over(logger->conf, logger->shared, logger->worker);
    if (logger->is_last) {
        say_summary(logger, atomic_load(&logger->shared->service->reported_at), monotonic_ns());
        say_refused(logger, 0, monotonic_ns());
    }
    log_report_lost();
}

void *logger_run(void *argument)
{
    struct logger *logger = argument;

    logger->next_report = monotonic_ns() + logger->conf->log_summary_interval_ns;
    while (!atomic_load(logger->stop)) {
        bool any = drain(logger);

        report(logger);
        if (!any)
            wait_for_work(logger);
    }
    end(logger);
    return NULL;
}
