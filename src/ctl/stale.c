/* SPDX-License-Identifier: MIT */
#include "ctl/stale.h"

#include "base/fragments.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define LONGEST_WAIT_MS 1000

/* Negative, 0 or positive if a is earlier, equal or later. */
static int order(struct timespec a, struct timespec b)
{
    if (a.tv_sec != b.tv_sec)
        return a.tv_sec < b.tv_sec ? -1 : 1;
    return a.tv_nsec < b.tv_nsec ? -1 : a.tv_nsec > b.tv_nsec;
}

static bool look_at(const char *path, struct timespec *modified)
{
    struct statx now;

    if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MTIME, &now) < 0 || !S_ISREG(now.stx_mode))
        return false;
    *modified = (struct timespec){.tv_sec = now.stx_mtime.tv_sec, .tv_nsec = now.stx_mtime.tv_nsec};
    return true;
}

/* Whether the newest of the files, or how many there are, is not what was loaded. */
static bool has_other_files(const char *path, const struct loaded *loaded, struct timespec newest)
{
    struct fragments fragments;
    int error = fragments_find(&fragments, path);
    unsigned files = 1 + (unsigned)fragments.count;

    for (size_t i = 0; i < fragments.count; i++) {
        struct timespec modified;

        if (look_at(fragments.paths[i], &modified) && order(modified, newest) > 0)
            newest = modified;
    }
    fragments_free(&fragments);
    return error == -E2BIG || (!error && (files != loaded->files || order(newest, loaded->newest) != 0));
}

static enum stale compare(const char *path, const struct loaded *loaded)
{
    struct timespec modified;
    int newer;

    if (!look_at(path, &modified))
        return STALE_NOT;
    newer = order(modified, loaded->newest);
    if (newer > 0)
        return STALE_NEWER;
    if (loaded->files > 0 && has_other_files(path, loaded, modified))
        return STALE_FILES;
    return loaded->files < 2 && newer < 0 ? STALE_OTHER : STALE_NOT;
}

__attribute__((noreturn)) static void compare_in_child(int pipe, const char *path,
                                                       const struct loaded *loaded)
{
    enum stale stale = compare(path, loaded);
    ssize_t n = write(pipe, &stale, sizeof(stale));

    _exit(n < 0);
}

static enum stale read_result(int pipe)
{
    struct pollfd readable = {.fd = pipe, .events = POLLIN};
    enum stale stale = STALE_NOT;

    if (poll(&readable, 1, LONGEST_WAIT_MS) == 1 && read(pipe, &stale, sizeof(stale)) != sizeof(stale))
        stale = STALE_NOT;
    return stale;
}

/* In a child, since the service names the file, and its file system may never answer. */
enum stale stale_file(const char *path, const struct loaded *loaded)
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
