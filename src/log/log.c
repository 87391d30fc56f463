/* SPDX-License-Identifier: MIT */
#include "log/log.h"

#include "base/util.h"
#include "log/sink_journal.h"
#include "log/sink_stderr.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 16

static struct {
    bool journal; /* entries go to journald's socket */
    struct sink_stderr errors;
    int level;
    struct log_failures own, *failures;
    bool ring_used; /* events go into ring */
    struct ring ring;
    _Atomic uint32_t *asleep;
    int wake_fd;
    char *capture;
    size_t capture_size, captured;
} logging = {.level = LOG_INFO,
             .wake_fd = -1,
             .failures = &logging.own,
             .errors = {.fd = STDERR_FILENO, .cut = &logging.own.line_cut}};

void log_open(enum conf_log_target target, int level)
{
    bool connected = sink_stderr_is_journal();

    logging.journal = target == CONF_LOG_JOURNAL || (target == CONF_LOG_AUTO && connected);
    logging.errors.is_journal = connected;
    logging.level = level;
}

void log_share(struct log_failures *failures)
{
    logging.failures = failures ? failures : &logging.own;
    logging.errors.cut = &logging.failures->line_cut;
}

bool log_wants(int level)
{
    return level <= logging.level;
}

void log_wake(_Atomic uint32_t *asleep, int wake_fd)
{
    if (atomic_load(asleep) && atomic_exchange(asleep, 0)) {
        ssize_t written = write(wake_fd, &(uint64_t){1}, sizeof(uint64_t));

        (void)written; /* EAGAIN: the counter is full, so the reader is awake */
    }
}

void log_use_ring(const struct ring *ring, _Atomic uint32_t *asleep, int wake_fd)
{
    logging.ring = *ring;
    logging.asleep = asleep;
    logging.wake_fd = wake_fd;
    logging.ring_used = true;
}

/* Reports on standard error once that the journal accepts nothing, until it does again. */
static bool write_journal(int level, const char *message_id, const char *message, const char *const *fields,
                          size_t field_count)
{
    _Atomic bool *failed = &logging.failures->journal;
    char text[160];
    int error = sink_journal_write(level, message_id, message, fields, field_count);

    if (error == 0) {
        if (atomic_load_explicit(failed, memory_order_relaxed))
            atomic_store(failed, false);
        return true;
    }
    if (atomic_exchange(failed, true))
        return false;
    snprintf(text, sizeof(text), "The journal does not accept entries (%s): they are dropped and counted",
             strerror(-error));
    sink_stderr_write_now(&logging.errors, LOG_ERR, text);
    return false;
}

bool log_write(int level, const char *message_id, const char *message, const char *const *fields,
               size_t field_count)
{
    if (!log_wants(level))
        return true;
    if (logging.journal)
        return write_journal(level, message_id, message, fields, field_count);
    return sink_stderr_write(&logging.errors, level, message) == 0;
}

bool log_write_count(int level, const char *message_id, uint64_t count, const char *message)
{
    char field[64];
    const char *const fields[] = {field};

    snprintf(field, sizeof(field), "SOCKGREET_COUNT=%" PRIu64, count);
    return log_write(level, message_id, message, fields, 1);
}

static void count_lost(uint64_t count)
{
    atomic_fetch_add_explicit(&logging.failures->events, count, memory_order_relaxed);
}

void log_write_event(struct event *event)
{
    const char *fields[FIELDS_MAX];
    size_t count = 0;

    event->message_id[sizeof(event->message_id) - 1] = '\0';
    event->text[sizeof(event->text) - 1] = event->text[sizeof(event->text) - 2] = '\0';
    for (const char *p = event->text + strlen(event->text) + 1;
         p < event->text + sizeof(event->text) && *p && count < FIELDS_MAX; p += strlen(p) + 1)
        fields[count++] = p;
    if (!log_write(event->level, event->message_id, event->text, fields, count))
        count_lost(1);
}

void log_report_lost(void)
{
    uint64_t count = atomic_load_explicit(&logging.failures->events, memory_order_relaxed);
    char text[160];

    if (count == 0)
        return;
    count = atomic_exchange(&logging.failures->events, 0);
    snprintf(text, sizeof(text),
             "%" PRIu64 " message%s about the service missing here: not accepted by the log", count,
             plural(count));
    if (count && !log_write_count(LOG_WARNING, MESSAGE_EVENTS_LOST, count, text))
        count_lost(count);
}

static void write_direct(const struct event *event)
{
    if (log_wants(event->level) && sink_stderr_write_now(&logging.errors, event->level, event->text) < 0)
        count_lost(1);
}

void log_use_stderr(void)
{
    logging.ring_used = false;
}

void log_flush(void)
{
    const struct event *event;
    uint64_t position;

    if (!logging.ring_used)
        return;
    for (uint32_t i = 0; i < logging.ring.capacity && (event = ring_peek(&logging.ring, &position)); i++) {
        struct event copy = *event;

        copy.text[sizeof(copy.text) - 1] = '\0';
        write_direct(&copy);
        ring_release(&logging.ring, position);
    }
}

__attribute__((format(printf, 5, 0))) static void fill_event(struct event *event, int level,
                                                             const char *message_id,
                                                             const char *const fields[], const char *format,
                                                             va_list arguments)
{
    const size_t size = sizeof(event->text) - 2;
    size_t used;

    event->level = (uint8_t)level;
    snprintf(event->message_id, sizeof(event->message_id), "%s", message_id ? message_id : "");
    memset(event->text, 0, sizeof(event->text));
    vsnprintf(event->text, size, format, arguments);
    used = strlen(event->text) + 1;
    for (size_t i = 0; fields && fields[i]; i += 2) {
        int n = snprintf(event->text + used, size - used, "%s=%s", fields[i], fields[i + 1]);

        if ((size_t)n >= size - used) { /* whole fields only */
            event->text[used] = '\0';
            return;
        }
        used += (size_t)n + 1;
    }
}

static void capture(const struct event *event)
{
    size_t room = logging.capture_size - logging.captured;
    int n;

    if (!logging.capture || event->level > LOG_ERR || room <= 1)
        return;
    n = snprintf(logging.capture + logging.captured, room, "%s\n", event->text);
    logging.captured += (size_t)n < room ? (size_t)n : room - 1;
}

void log_capture(char *buffer, size_t size)
{
    logging.capture = buffer;
    logging.capture_size = size;
    logging.captured = 0;
}

static void deliver(const struct event *event)
{
    struct event *place;

    if (!logging.ring_used) {
        write_direct(event);
        return;
    }
    place = ring_reserve(&logging.ring);
    if (!place) { /* the logger is stuck; it reports how many it missed when it continues */
        count_lost(1);
        return;
    }
    *place = *event;
    ring_publish(&logging.ring);
    log_wake(logging.asleep, logging.wake_fd);
}

void log_event(int level, const char *message_id, const char *const fields[], const char *format, ...)
{
    int saved = errno;
    struct event event;
    va_list arguments;

    if (!log_wants(level))
        return;
    va_start(arguments, format);
    fill_event(&event, level, message_id, fields, format, arguments);
    va_end(arguments);
    capture(&event);
    deliver(&event);
    errno = saved;
}

void log_conf_messages(const struct conf_messages *messages)
{
    for (size_t i = 0; messages && i < messages->count; i++) {
        const struct conf_message *message = &messages->list[i];

        if (message->level == CONF_WARNING)
            log_warning("%s%s", message->place, message->what);
        else
            log_event(LOG_ERR, MESSAGE_CONFIGURATION_REFUSED, NULL, "%s%s", message->place, message->what);
    }
}
