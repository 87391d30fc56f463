/* SPDX-License-Identifier: MIT */
#include "log/sink_stderr.h"

#include "base/escape.h"
#include "base/util.h"
#include "shm/event.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#define LINE_SIZE (EVENT_SIZE + 128)

bool sink_stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* systemd.exec(5) */
    unsigned long long device, inode;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == device && st.st_ino == inode;
}

static const char *level_word(int level)
{
    static const char *const words[] = {
        [LOG_ERR] = "error: ", [LOG_WARNING] = "warning: ", [LOG_DEBUG] = "debug: "};

    return level >= 0 && level < (int)ARRAY_SIZE(words) && words[level] ? words[level] : "";
}

/* Completes a line with a message, in which nothing may end it early or move the cursor. Bytes beyond ASCII
 * stay: they may be UTF-8. Returns the line's length. */
static size_t put_message(char line[LINE_SIZE], size_t length, const char *message)
{
    for (; *message; message++) {
        char shown[5] = {*message};
        size_t n = 1;

        if (iscntrl((unsigned char)*message))
            n = escape_bytes(shown, sizeof(shown), message, 1);
        if (length + n + 1 >= LINE_SIZE)
            break;
        memcpy(line + length, shown, n);
        length += n;
    }
    line[length] = '\n';
    return length + 1;
}

/* begin: the text before the line. */
static size_t format_line(char line[LINE_SIZE], bool is_journal, const char *begin, int level,
                          const char *message)
{
    struct timespec now;
    struct tm tm;
    int n;

    if (is_journal) {
        n = snprintf(line, LINE_SIZE, "%s<%d>", begin, level);
    } else {
        clock_gettime(CLOCK_REALTIME, &now);
        localtime_r(&now.tv_sec, &tm);
        n = snprintf(line, LINE_SIZE, "%s%04d-%02d-%02d %02d:%02d:%02d.%03ld %s", begin, tm.tm_year + 1900,
                     tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / NS_PER_MS,
                     level_word(level));
    }
    return put_message(line, (size_t)n, message);
}

/* Returns how much was written; if less than length, with errno. */
static size_t write_all(int fd, const char *line, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t n = write(fd, line + done, length - done);

        if (n < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
        else if (n < 0 && errno != EINTR)
            break; /* a full disk, or a reader that has gone */
        else if (n > 0)
            done += (size_t)n;
    }
    return done;
}

int sink_stderr_write(const struct sink_stderr *sink, int level, const char *message)
{
    bool was_cut = atomic_exchange(sink->cut, false);
    char line[LINE_SIZE];
    size_t length = format_line(line, sink->is_journal, was_cut ? "\n" : "", level, message);
    size_t done = write_all(sink->fd, line, length);

    if (done == length)
        return 0;
    if (was_cut ? done != 1 : done > 0) /* the line feed alone ends the line that was cut */
        atomic_store(sink->cut, true);
    return -errno;
}

int sink_stderr_write_now(const struct sink_stderr *sink, int level, const char *message)
{
    /* POLLOUT promises room for a line of less than PIPE_BUF bytes. */
    if (poll(&(struct pollfd){.fd = sink->fd, .events = POLLOUT}, 1, 0) != 1)
        return -EAGAIN;
    return sink_stderr_write(sink, level, message);
}
