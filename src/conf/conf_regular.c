/* SPDX-License-Identifier: MIT */
#include "conf/conf_regular.h"

#include "base/util.h"

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

/* Opens without waiting for a FIFO's writer and without taking a terminal. Returns -1 with errno. */
static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int fail(struct message *error, const char *what)
{
    int number = errno;

    message_set(error, "cannot be %s: %s", what, strerror(number));
    return -number;
}

static int check_kind(int fd, struct conf_regular *file, struct message *error)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return fail(error, "read");
    if (!S_ISREG(status.st_mode)) {
        message_set(error, "is %s; allowed: a regular file", kind_name(status.st_mode));
        return -EINVAL;
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

/* text has room for limit + 2 bytes. */
static int read_text(int fd, size_t limit, char *text, size_t *length, struct message *error)
{
    ssize_t n = read_all(fd, text, limit + 1);

    if (n < 0)
        return fail(error, "read");
    if ((size_t)n > limit) {
        message_set(error, "is too large; allowed: at most %zu bytes", limit);
        return -EFBIG;
    }
    memcpy(text + n, "\n", 2); /* libconfig takes a comment only with its newline */
    *length = (size_t)n;
    return 0;
}

/* Keeps no more memory than the text needs. */
static int take_text(int fd, size_t limit, struct conf_regular *file, struct message *error)
{
    char *text = malloc(limit + 2), *kept;
    int result = text ? read_text(fd, limit, text, &file->length, error) : fail(error, "read");

    if (result < 0) {
        free(text);
        return result;
    }
    kept = realloc(text, file->length + 2);
    file->text = kept ? kept : text;
    return 0;
}

int conf_regular_read(const char *path, size_t limit, struct conf_regular *file, struct message *error)
{
    int fd = open_file(path), result;

    *file = (struct conf_regular){0};
    if (fd < 0)
        return fail(error, "opened");
    result = check_kind(fd, file, error);
    if (result == 0)
        result = take_text(fd, limit, file, error);
    close_fd(&fd);
    return result;
}
