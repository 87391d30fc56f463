/* SPDX-License-Identifier: MIT */
#include "system/runtime.h"

#include "base/address.h"
#include "base/util.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The pid of the process that listens on the control socket; 0: none. */
static pid_t owner(void)
{
    char path[PROTOCOL_PATH_MAX];
    struct address address;
    struct ucred credentials = {0};
    socklen_t size = sizeof(credentials);
    int fd;

    if (!protocol_path(PROTOCOL_SOCKET, path, sizeof(path)) || !address_set_unix(&address, path))
        return 0;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, &address.sa, address.length) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        credentials.pid = 0;
    close_fd(&fd);
    return credentials.pid;
}

pid_t runtime_open(void)
{
    char directory[PROTOCOL_PATH_MAX];
    mode_t mask;
    pid_t pid;

    if (!protocol_directory(directory, sizeof(directory)))
        return 0;
    mask = umask(0);
    mkdir(directory, 0755);
    umask(mask);
    pid = owner();
    return pid == getpid() || pid == getppid() ? 0 : pid;
}

int runtime_replace(const char *name, void (*write_to)(FILE *out, const void *context), const void *context)
{
    char path[PROTOCOL_PATH_MAX], new[PROTOCOL_PATH_MAX + 8];
    FILE *out;
    int fd, error = 0;

    if (!protocol_path(name, path, sizeof(path)))
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

/* Of whatever type the file with this name is. */
ssize_t runtime_read(const char *name, char *text, size_t size)
{
    char path[PROTOCOL_PATH_MAX];
    ssize_t length;
    int fd;

    if (!protocol_path(name, path, sizeof(path)))
        return -ENOENT;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    length = read(fd, text, size - 1);
    if (length < 0)
        length = -errno;
    text[length < 0 ? 0 : length] = '\0';
    close_fd(&fd);
    return length;
}

static void write_own_pid(FILE *out, const void *context)
{
    (void)context;
    fprintf(out, "%d\n", (int)getpid());
}

int runtime_write_pid(void)
{
    return runtime_replace(PROTOCOL_PID, write_own_pid, NULL);
}

void runtime_remove_pid(void)
{
    char path[PROTOCOL_PATH_MAX], text[32];

    if (runtime_read(PROTOCOL_PID, text, sizeof(text)) > 0 && strtol(text, NULL, 10) == getpid() &&
        protocol_path(PROTOCOL_PID, path, sizeof(path)))
        unlink(path);
}
