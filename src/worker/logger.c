/* SPDX-License-Identifier: MIT */
#include "worker/logger.h"

#include "log/log.h"
#include "shm/record.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELD_MAX       (ADDRESS_TEXT_MAX + 32)
#define FIELDS          10
#define BURST           256 /* entries from one ring before the others get their turn */
#define PAUSE_REPORT_NS (10 * NS_PER_S)

/* The fields of one entry, as "KEY=VALUE". */
struct fields {
    size_t count;
    const char *pointers[FIELDS];
    char text[FIELDS][FIELD_MAX];
};

__attribute__((format(printf, 2, 3))) static void add(struct fields *fields, const char *format, ...)
{
    char *text = fields->text[fields->count];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, FIELD_MAX, format, arguments);
    va_end(arguments);
    fields->pointers[fields->count++] = text;
}

static void host_text(char text[ADDRESS_TEXT_MAX], const struct record_address *packed)
{
    struct address address;

    if (packed->family == AF_UNIX) {
        snprintf(text, ADDRESS_TEXT_MAX, "uid %u", packed->uid);
        return;
    }
    record_unpack(packed, &address);
    address_host(&address, text, ADDRESS_TEXT_MAX);
}

static void add_end(struct fields *fields, const char *end, const char *host,
                    const struct record_address *packed)
{
    add(fields, "SOCKGREET_%s_ADDRESS=%s", end, host);
    if (packed->family == AF_UNIX)
        add(fields, "SOCKGREET_%s_PORT=", end);
    else
        add(fields, "SOCKGREET_%s_PORT=%u", end, packed->port);
}

static void add_fields(struct fields *fields, const struct conf_listener *listener,
                       const struct record *record)
{
    char client[ADDRESS_TEXT_MAX], server[ADDRESS_TEXT_MAX];

    host_text(client, &record->client);
    host_text(server, &record->server);
    add(fields, "SOCKGREET_LISTENER=%s", listener->name);
    add(fields, "SOCKGREET_TRANSPORT=%s", transport_name(listener->transport));
    add_end(fields, "CLIENT", client, &record->client);
    add_end(fields, "SERVER", listener->path ? listener->path : server, &record->server);
    add(fields, "SOCKGREET_BYTES=%" PRIu32, record->bytes);
    add(fields, "SOCKGREET_RESULT=%s", result_name((enum result)record->result));
    if (record->client.family == AF_UNIX) {
        add(fields, "SOCKGREET_CLIENT_UID=%u", record->client.uid);
        add(fields, "SOCKGREET_CLIENT_PID=%u", record->client.pid);
    }
}

/* "Got connection from 127.0.0.1:48437 on tcp, sent 26 bytes" */
static void client_message(char *text, size_t size, const struct conf_listener *listener,
                           const struct record *record)
{
    char from[ADDRESS_TEXT_MAX], outcome[32] = "";
    struct address address;

    if (record->client.family == AF_UNIX) {
        snprintf(from, sizeof(from), "uid %u (pid %u)", record->client.uid, record->client.pid);
    } else {
        record_unpack(&record->client, &address);
        address_text(&address, from, sizeof(from));
    }
    if (record->result != RESULT_SENT)
        snprintf(outcome, sizeof(outcome), " (%s)", result_name((enum result)record->result));
    snprintf(text, size, "Got %s from %s on %s, sent %" PRIu32 " bytes%s",
             transport_socket_type(listener->transport) == SOCK_STREAM ? "connection" : "datagram", from,
             listener->name, record->bytes, outcome);
}

static void write_record(const struct logger *logger, const struct record *shared)
{
    struct record record = *shared; /* it may come from a worker that died while writing it */
    struct fields fields = {.count = 0};
    const struct conf_listener *listener;
    char message[ADDRESS_TEXT_MAX + 256];

    if (record.listener >= logger->conf->listener_count || record.result >= RESULT_COUNT)
        return;
    listener = &logger->conf->listeners[record.listener];
    client_message(message, sizeof(message), listener, &record);
    add_fields(&fields, listener, &record);
    log_write(LOG_INFO, MESSAGE_GREETED, message, fields.pointers, fields.count);
}

static bool drain_records(const struct logger *logger, unsigned thread)
{
    struct ring ring = shared_records(logger->shared, logger->worker, thread);
    const struct record *record;
    int count = 0;

    for (; count < BURST && (record = ring_peek(&ring)); count++) {
        write_record(logger, record);
        ring_release(&ring);
    }
    return count > 0;
}

static bool drain_events(struct ring ring)
{
    const struct event *event;
    int count = 0;

    for (; count < BURST && (event = ring_peek(&ring)); count++) {
        log_write_event(event);
        ring_release(&ring);
    }
    return count > 0;
}

static bool drain(const struct logger *logger)
{
    bool any = drain_events(shared_events(logger->shared, logger->worker));

    if (atomic_load(&logger->shared->service->event_reader) == (int)getpid())
        any |= drain_events(shared_master_events(logger->shared->service));
    for (unsigned thread = 0; thread < logger->shared->threads; thread++)
        any |= drain_records(logger, thread);
    return any;
}

/* What counter grew by since it was last reported, which counts as reported now. */
static uint64_t unreported(_Atomic uint64_t *reported, uint64_t counter)
{
    return counter - atomic_exchange(reported, counter);
}

static void write_count(int level, const char *id, uint64_t count, const char *message)
{
    char field[64];
    const char *const fields[] = {field};

    snprintf(field, sizeof(field), "SOCKGREET_COUNT=%" PRIu64, count);
    log_write(level, id, message, fields, 1);
}

static void summarise(struct logger *logger, int64_t now)
{
    struct shared_logger *reported = shared_logger(logger->shared, logger->worker);
    struct stats_totals totals = {0};
    uint64_t summarised, dropped, abandoned;
    char message[256];
    double seconds = (double)(now - logger->last_summary) / NS_PER_S;

    shared_sum_worker(logger->shared, logger->worker, &totals);
    summarised = unreported(&reported->summarised, totals.summarised);
    dropped = unreported(&reported->dropped, totals.dropped);
    abandoned = unreported(&reported->abandoned, totals.abandoned);
    logger->last_summary = now;
    if (summarised && logger->conf->log_greetings != CONF_GREETINGS_OFF) {
        snprintf(message, sizeof(message), "Served %" PRIu64 " %sclients in %.1f s, not written one by one",
                 summarised, logger->conf->log_greetings == CONF_GREETINGS_EACH ? "more " : "", seconds);
        write_count(LOG_INFO, MESSAGE_SUMMARY, summarised, message);
    }
    if (dropped) {
        snprintf(message, sizeof(message),
                 "%" PRIu64 " log entries about clients found no room and were dropped", dropped);
        write_count(LOG_WARNING, MESSAGE_DROPPED, dropped, message);
    }
    if (abandoned) {
        snprintf(message, sizeof(message),
                 "%" PRIu64 " clients were in the hands of a worker that was killed", abandoned);
        write_count(LOG_WARNING, MESSAGE_ABANDONED, abandoned, message);
    }
}

/* At most one line in PAUSE_REPORT_NS, however often a thread had to pause. */
static void report_pauses(struct logger *logger, int64_t now)
{
    struct stats_totals totals = {0};
    char message[256];
    int error = 0;

    shared_sum_worker(logger->shared, logger->worker, &totals);
    if (totals.accept_pauses == logger->pauses_reported || now < logger->next_pause_report)
        return;
    for (unsigned thread = 0; thread < logger->shared->threads && !error; thread++)
        error = atomic_load(&shared_thread(logger->shared, logger->worker, thread)->pause_error);
    snprintf(message, sizeof(message), "Accepting paused %" PRIu64 " times: %s",
             totals.accept_pauses - logger->pauses_reported,
             error ? strerror(error) : "limits.connections is reached");
    write_count(LOG_WARNING, MESSAGE_ACCEPT_PAUSED, totals.accept_pauses - logger->pauses_reported, message);
    logger->pauses_reported = totals.accept_pauses;
    logger->next_pause_report = now + PAUSE_REPORT_NS;
}

static bool has_unreported(const struct logger *logger)
{
    struct shared_logger *reported = shared_logger(logger->shared, logger->worker);
    struct stats_totals totals = {0};

    shared_sum_worker(logger->shared, logger->worker, &totals);
    return totals.summarised != atomic_load(&reported->summarised) ||
           totals.dropped != atomic_load(&reported->dropped) ||
           totals.abandoned != atomic_load(&reported->abandoned) ||
           totals.accept_pauses != logger->pauses_reported;
}

/* Falls asleep unless something came meanwhile. Greeting threads do not ring for what they only count, so it
 * wakes up for every summary by itself. */
static void wait_for_work(struct logger *logger, int64_t now)
{
    struct shared_logger *state = shared_logger(logger->shared, logger->worker);
    struct pollfd wake = {.fd = logger->wake_fd, .events = POLLIN};
    int64_t wait = logger->next_summary - now;
    uint64_t value;

    atomic_store(&state->asleep, 1);
    if (!drain(logger) && !atomic_load(logger->stop))
        poll(&wake, 1, wait > 0 ? (int)(wait / NS_PER_MS) + 1 : 0);
    atomic_store(&state->asleep, 0);
    if (read(logger->wake_fd, &value, sizeof(value)) < 0)
        return; /* nobody rang */
}

void *logger_run(void *argument)
{
    struct logger *logger = argument;
    int64_t now = monotonic_ns();

    logger->last_summary = now;
    logger->next_summary = now + logger->conf->log_summary_interval_ns;
    while (!atomic_load(logger->stop)) {
        while (drain(logger))
            ;
        now = monotonic_ns();
        report_pauses(logger, now);
        if (now >= logger->next_summary) {
            if (has_unreported(logger))
                summarise(logger, now);
            logger->next_summary = now + logger->conf->log_summary_interval_ns;
        }
        wait_for_work(logger, now);
    }
    while (drain(logger))
        ;
    summarise(logger, monotonic_ns());
    return NULL;
}
