/* SPDX-License-Identifier: MIT */
#include "control/protocol.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool protocol_directory(char *path, size_t size)
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

bool protocol_path(const char *name, char *path, size_t size)
{
    char directory[PROTOCOL_PATH_MAX];

    return protocol_directory(directory, sizeof(directory)) &&
           (size_t)snprintf(path, size, "%s/%s", directory, name) < size;
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

pid_t protocol_service_pid(void)
{
    char path[PROTOCOL_PATH_MAX], text[32], comm[64];
    long pid;

    if (!protocol_path(PROTOCOL_PID, path, sizeof(path)) || read_file(path, text, sizeof(text)) == 0)
        return 0;
    pid = strtol(text, NULL, 10);
    if (pid <= 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
    return read_file(path, comm, sizeof(comm)) && strcmp(comm, "sockgreetd\n") == 0 ? (pid_t)pid : 0;
}
