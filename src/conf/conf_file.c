/* SPDX-License-Identifier: MIT */
#include "conf/conf_file.h"

#include "base/util.h"
#include "conf/conf_report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

/* Opening must neither wait for a FIFO's writer nor take a terminal. Returns -1 with errno. */
static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static void report_errno(struct conf_report *report, const char *what)
{
    int error = errno;

    conf_error(report, 0, report->file, "cannot be %s: %s", what, strerror(error));
    if (conf_report_is_passing(error))
        conf_report_passing(report);
}

static int check_kind(int fd, struct conf_file *file, struct conf_report *report)
{
    struct stat status;

    if (fstat(fd, &status) < 0) {
        conf_error(report, 0, report->file, "cannot be read: %s", strerror(errno));
        return -1;
    }
    if (!S_ISREG(status.st_mode)) {
        conf_error(report, 0, report->file, "is %s; allowed: a regular file", kind_name(status.st_mode));
        return -1;
    }
    file->modified = status.st_mtim;
    return 0;
}

/* Reads until the end of the file or size bytes. Returns how many, or -1 with errno. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
    size_t used = 0;

    while (used < size) {
        ssize_t n = read(fd, bytes + used, size - used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

static void report_size(struct conf_report *report, size_t limit)
{
    conf_error(report, 0, report->file, "is too large; allowed: at most %d bytes%s", CONF_FILE_MAX,
               limit < CONF_FILE_MAX ? ", together with the files before it" : "");
}

static int read_text(int fd, size_t limit, struct conf_file *file, struct conf_report *report)
{
    char *text = malloc(limit + 2);
    ssize_t n = text ? read_all(fd, text, limit + 1) : -1;

    if (n < 0)
        report_errno(report, "read");
    else if ((size_t)n > limit)
        report_size(report, limit);
    if (n < 0 || (size_t)n > limit) {
        free(text);
        return -1;
    }
    memcpy(text + n, "\n", 2); /* libconfig takes a comment only with its newline */
    file->text = text;
    file->length = (size_t)n;
    return 0;
}

int conf_read(const char *path, bool may_be_missing, size_t limit, struct conf_file *file,
              struct conf_report *report)
{
    int fd = open_file(path), result = -1;

    *file = (struct conf_file){.missing = fd < 0 && errno == ENOENT};
    if (file->missing && may_be_missing)
        return -1;
    if (fd < 0)
        report_errno(report, "opened");
    else if (check_kind(fd, file, report) == 0)
        result = read_text(fd, limit, file, report);
    close_fd(&fd);
    return result;
}
