/* SPDX-License-Identifier: MIT */
#include "system/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

bool runtime_directory(char *path, size_t size)
{
    const char *given = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR");
    int n;

    if (given && *given == '/')
        n = snprintf(path, size, "%.*s", (int)strcspn(given, ":"), given);
    else if (geteuid() == 0)
        n = snprintf(path, size, "/run/sockgreet");
    else if (user && *user == '/')
        n = snprintf(path, size, "%s/sockgreet", user);
    else
        return false;
    return (size_t)n < size;
}

bool runtime_path(const char *name, char *path, size_t size)
{
    char directory[PATH_SIZE];

    return runtime_directory(directory, sizeof(directory)) &&
           (size_t)snprintf(path, size, "%s/%s", directory, name) < size;
}

void runtime_open(void)
{
    char directory[PATH_SIZE];

    if (runtime_directory(directory, sizeof(directory)))
        mkdir(directory, 0755);
}

int runtime_replace(const char *name, void (*write_to)(FILE *out, const void *context), const void *context)
{
    char path[PATH_SIZE], new[PATH_SIZE + 8];
    FILE *out;
    int fd, error = 0;

    if (!runtime_path(name, path, sizeof(path)))
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
    char path[PATH_SIZE];
    int fd;

    if (!runtime_path(name, path, sizeof(path)))
        return 0;
    fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

void runtime_remove(const char *name)
{
    char path[PATH_SIZE];

    if (runtime_path(name, path, sizeof(path)))
        unlink(path);
}

static size_t read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

pid_t runtime_read_pid(void)
{
    char path[PATH_SIZE], text[32], comm[64];
    long pid;

    if (!runtime_path(RUNTIME_PID, path, sizeof(path)) || read_file(path, text, sizeof(text)) == 0)
        return 0;
    pid = strtol(text, NULL, 10);
    if (pid <= 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
    return read_file(path, comm, sizeof(comm)) && strcmp(comm, "sockgreetd\n") == 0 ? (pid_t)pid : 0;
}

int runtime_write_pid(void)
{
    char text[32];
    pid_t other = runtime_read_pid();

    if (other && other != getpid() && other != getppid()) /* a parent is what an upgrade replaces */
        return 0;
    snprintf(text, sizeof(text), "%d\n", (int)getpid());
    return runtime_write(RUNTIME_PID, text);
}

void runtime_remove_pid(void)
{
    if (runtime_read_pid() == getpid())
        runtime_remove(RUNTIME_PID);
}
