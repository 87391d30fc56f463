/* SPDX-License-Identifier: MIT */
#include "control/protocol.h"

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
