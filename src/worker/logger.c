/* SPDX-License-Identifier: MIT */
#include "worker/logger.h"

#include "base/util.h"
#include "log/log.h"
#include "shm/event.h"
#include "shm/record.h"
#include "worker/entry.h"
#include "worker/summary.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define BURST            256 /* entries from one ring before the others are read */
#define REFUSED_INTERVAL (30 * NS_PER_S)
#define REPEAT_AFTER     (10 * NS_PER_S) /* at least, between two messages of a kind that may occur often */

static bool is_report_due(const struct logger *logger)
{
    return monotonic_ns() >= logger->next_report;
}

/* A dropped entry is counted before its record is released, so that it is counted in any case. */
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
    logger->discarded += ring_repair(&ring);
    return count > 0;
}

/* The master's events may have two readers while one logger replaces another. An event that the other one has
 * released meanwhile is not written again; the copy of it may be incomplete. */
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
    logger->discarded += ring_repair(&ring);
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
    snprintf(message, sizeof(message), "Accepting paused %" PRIu64 " time%s: %s",
             pauses - logger->pauses_reported, plural(pauses - logger->pauses_reported),
             error ? strerror(error) : "limits.connections is reached");
    log_write_count(LOG_WARNING, MESSAGE_ACCEPT_PAUSED, pauses - logger->pauses_reported, message);
    logger->pauses_reported = pauses;
    logger->next_pause_report = now + REPEAT_AFTER;
}

static void report_discarded(struct logger *logger, int64_t now)
{
    char message[160];

    if (logger->discarded == 0 || now < logger->next_discard_report)
        return;
    snprintf(message, sizeof(message),
             "A queue of log entries was discarded %" PRIu64
             " time%s: its positions were invalid, which only a defect or an attack can cause",
             logger->discarded, plural(logger->discarded));
    log_write(LOG_ERR, NULL, message, NULL, 0);
    logger->discarded = 0;
    logger->next_discard_report = now + REPEAT_AFTER;
}

static bool writes_each(const struct logger *logger)
{
    return logger->conf->log_greetings == CONF_GREETINGS_EACH;
}

static void report_summary(const struct logger *logger, int64_t since, int64_t now)
{
    summary_report(&logger->shared->service->unreported, writes_each(logger),
                   ((double)now - (double)since) / NS_PER_S, log_write_count);
}

/* At most once per interval. */
static void report_refused(const struct logger *logger, int64_t interval, int64_t now)
{
    struct talkers refused;

    if (talkers_take(&refused, &logger->shared->service->refused, interval, now))
        summary_report_refused(&refused, logger->conf->dry_run, log_write_count);
}

/* Greeting threads do not wake the logger for clients that they only count, so this is due by the clock. */
static void report(struct logger *logger)
{
    int64_t now = monotonic_ns(), since;

    report_pauses(logger, now);
    report_discarded(logger, now);
    if (now < logger->next_report)
        return;
    logger->next_report = now + logger->conf->log_summary_interval_ns;
    summary_hand_over(logger->conf, logger->shared, logger->worker);
    if (summary_take_turn(logger->conf, logger->shared->service, &since, now))
        report_summary(logger, since, now);
    report_refused(logger, REFUSED_INTERVAL, now);
    log_report_lost();
}

/* Sleeps unless there is something to write. */
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
        return; /* it was not woken */
}

static void end(struct logger *logger)
{
    logger->next_report = INT64_MAX;
    while (drain(logger))
        ;
    summary_hand_over(logger->conf, logger->shared, logger->worker);
    if (logger->is_last) {
        report_summary(logger, atomic_load(&logger->shared->service->reported_at), monotonic_ns());
        report_refused(logger, 0, monotonic_ns());
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
