/* SPDX-License-Identifier: MIT */
#include "ctl/stale.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define PATIENCE_MS 1000

static enum stale compare(const char *path, struct timespec loaded)
{
    struct statx now;

    if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MTIME, &now) < 0 ||
        !S_ISREG(now.stx_mode) ||
        (now.stx_mtime.tv_sec == loaded.tv_sec && now.stx_mtime.tv_nsec == loaded.tv_nsec))
        return STALE_NOT;
    if (now.stx_mtime.tv_sec != loaded.tv_sec)
        return now.stx_mtime.tv_sec > loaded.tv_sec ? STALE_NEWER : STALE_OTHER;
    return now.stx_mtime.tv_nsec > loaded.tv_nsec ? STALE_NEWER : STALE_OTHER;
}

__attribute__((noreturn)) static void compare_in_child(int pipe, const char *path, struct timespec loaded)
{
    enum stale stale = compare(path, loaded);
    ssize_t n = write(pipe, &stale, sizeof(stale));

    _exit(n < 0);
}

static enum stale read_result(int pipe)
{
    struct pollfd readable = {.fd = pipe, .events = POLLIN};
    enum stale stale = STALE_NOT;

    if (poll(&readable, 1, PATIENCE_MS) == 1 && read(pipe, &stale, sizeof(stale)) != sizeof(stale))
        stale = STALE_NOT;
    return stale;
}

/* In a child: the service names the file, and its file system may never answer. */
enum stale stale_file(const char *path, struct timespec loaded)
{
    enum stale stale = STALE_NOT;
    int ends[2];
    pid_t child;

    if (path[0] != '/' || pipe2(ends, O_CLOEXEC) < 0)
        return STALE_NOT;
    child = fork();
    if (child == 0)
        compare_in_child(ends[1], path, loaded);
    close(ends[1]);
    if (child > 0) {
        stale = read_result(ends[0]);
        kill(child, SIGKILL); /* not waited for: it may be stuck, and this program is about to end */
    }
    close(ends[0]);
    return stale;
}
