/* SPDX-License-Identifier: MIT */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "log/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>

#define FIELDS_MAX 16
#define LINE_SIZE  (EVENT_SIZE + 128)

static struct {
    bool journal; /* entries go to journald's socket */
    bool prefix;  /* standard error is journald's stream: "<6>text" */
    int level;
    bool ring_used; /* events go into ring */
    struct ring ring;
    _Atomic uint32_t *asleep;
    int wake_fd;
    char *capture;
    size_t capture_size, captured;
} logging = {.level = LOG_INFO, .wake_fd = -1};

/* Whether standard error is the stream that systemd connected to the journal (systemd.exec(5),
 * JOURNAL_STREAM). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == device && st.st_ino == inode;
}

void log_open(enum conf_log_target target, int level)
{
    bool connected = stderr_is_journal();

    logging.journal = target == CONF_LOG_JOURNAL || (target == CONF_LOG_AUTO && connected);
    logging.prefix = connected;
    logging.level = level;
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

static const char *level_word(int level)
{
    static const char *const words[] = {
        [LOG_ERR] = "error: ", [LOG_WARNING] = "warning: ", [LOG_DEBUG] = "debug: "};

    return level >= 0 && level < (int)ARRAY_SIZE(words) && words[level] ? words[level] : "";
}

static size_t format_line(char line[LINE_SIZE], int level, const char *message)
{
    struct timespec now;
    struct tm tm;
    int n;

    if (logging.prefix) {
        n = snprintf(line, LINE_SIZE, "<%d>%s\n", level, message);
    } else {
        clock_gettime(CLOCK_REALTIME, &now);
        localtime_r(&now.tv_sec, &tm);
        n = snprintf(line, LINE_SIZE, "%04d-%02d-%02d %02d:%02d:%02d.%03ld %s%s\n", tm.tm_year + 1900,
                     tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / NS_PER_MS,
                     level_word(level), message);
    }
    if (n < LINE_SIZE)
        return (size_t)n;
    line[LINE_SIZE - 2] = '\n';
    return LINE_SIZE - 1;
}

/* May wait for whoever reads standard error. */
static void write_stderr(int level, const char *message)
{
    char line[LINE_SIZE];
    size_t length = format_line(line, level, message), done = 0;

    while (done < length) {
        ssize_t n = write(STDERR_FILENO, line + done, length - done);

        if (n < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, 1000);
        else if (n < 0 && errno != EINTR)
            return; /* nobody reads it any more */
        else if (n > 0)
            done += (size_t)n;
    }
}

static void write_journal(int level, const char *message_id, const char *message, const char *const *fields,
                          size_t field_count)
{
    char priority[16], id[64], text[EVENT_SIZE + 16];
    struct iovec iov[FIELDS_MAX + 3];
    int count = 0;

    snprintf(priority, sizeof(priority), "PRIORITY=%d", level);
    snprintf(text, sizeof(text), "MESSAGE=%s", message);
    iov[count++] = (struct iovec){priority, strlen(priority)};
    iov[count++] = (struct iovec){text, strlen(text)};
    if (message_id && *message_id) {
        snprintf(id, sizeof(id), "MESSAGE_ID=%s", message_id);
        iov[count++] = (struct iovec){id, strlen(id)};
    }
    for (size_t i = 0; i < field_count && i < FIELDS_MAX; i++)
        iov[count++] = (struct iovec){(void *)(uintptr_t)fields[i], strlen(fields[i])};
    sd_journal_sendv(iov, count);
}

void log_write(int level, const char *message_id, const char *message, const char *const *fields,
               size_t field_count)
{
    if (!log_wants(level))
        return;
    if (logging.journal)
        write_journal(level, message_id, message, fields, field_count);
    else
        write_stderr(level, message);
}

void log_write_event(const struct event *event)
{
    struct event copy = *event; /* the original lies in shared memory: it may change, or lack its end */
    const char *fields[FIELDS_MAX];
    size_t count = 0;

    copy.message_id[sizeof(copy.message_id) - 1] = '\0';
    copy.text[sizeof(copy.text) - 1] = copy.text[sizeof(copy.text) - 2] = '\0';
    for (const char *p = copy.text + strlen(copy.text) + 1;
         p < copy.text + sizeof(copy.text) && *p && count < FIELDS_MAX; p += strlen(p) + 1)
        fields[count++] = p;
    log_write(copy.level, copy.message_id, copy.text, fields, count);
}

/* Standard error, without ever waiting: POLLOUT promises room for a line of less than PIPE_BUF bytes. */
static void write_direct(const struct event *event)
{
    if (log_wants(event->level) && poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, 0) == 1)
        write_stderr(event->level, event->text);
}

void log_use_stderr(void)
{
    logging.ring_used = false;
}

void log_flush(void)
{
    const struct event *event;

    if (!logging.ring_used)
        return;
    for (uint32_t i = 0; i < logging.ring.capacity && (event = ring_peek(&logging.ring)); i++) {
        struct event copy = *event;

        copy.text[sizeof(copy.text) - 1] = '\0';
        write_direct(&copy);
        ring_release(&logging.ring);
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
    if (!place) /* the logger is stuck, and more of the same would not help */
        return;
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
