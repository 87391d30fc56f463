/* SPDX-License-Identifier: MIT */
#include "system/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void runtime_open(void)
{
    char directory[PROTOCOL_PATH_MAX];
    mode_t mask;

    if (!protocol_directory(directory, sizeof(directory)))
        return;
    mask = umask(0);
    mkdir(directory, 0755);
    umask(mask);
}

pid_t runtime_other_owner(void)
{
    pid_t owner = protocol_service_pid();

    return owner == getpid() || owner == getppid() ? 0 : owner; /* a parent is what an upgrade replaces */
}

/* The path of a file that may be written; false if there is none. */
static bool own_path(const char *name, char *path, size_t size)
{
    return protocol_path(name, path, size) && !runtime_other_owner();
}

int runtime_replace(const char *name, void (*write_to)(FILE *out, const void *context), const void *context)
{
    char path[PROTOCOL_PATH_MAX], new[PROTOCOL_PATH_MAX + 8];
    FILE *out;
    int fd, error = 0;

    if (!own_path(name, path, sizeof(path)))
        return 0;
    snprintf(new, sizeof(new), "%s.new", path);
    unlink(new);
    fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    out = fdopen(fd, "w");
    if (!out) {
        error = -errno;
        close(fd);
    } else {
        write_to(out, context);
        if (fflush(out) != 0 || ferror(out))
            error = errno ? -errno : -EIO;
        fclose(out);
        if (error == 0 && rename(new, path) < 0)
            error = -errno;
    }
    if (error)
        unlink(new);
    return error;
}

static void write_text(FILE *out, const void *text)
{
    fputs(text, out);
}

int runtime_write(const char *name, const char *text)
{
    return runtime_replace(name, write_text, text);
}

int runtime_touch(const char *name)
{
    char path[PROTOCOL_PATH_MAX];
    int fd;

    if (!own_path(name, path, sizeof(path)))
        return 0;
    fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

void runtime_remove(const char *name)
{
    char path[PROTOCOL_PATH_MAX];

    if (own_path(name, path, sizeof(path)))
        unlink(path);
}

int runtime_write_pid(void)
{
    char text[32];

    snprintf(text, sizeof(text), "%d\n", (int)getpid());
    return runtime_write(PROTOCOL_PID, text);
}

void runtime_remove_pid(void)
{
    if (protocol_service_pid() == getpid())
        runtime_remove(PROTOCOL_PID);
}
