/* SPDX-License-Identifier: MIT */
#include "base/fragments.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_fragment(DIR *directory, const char *name)
{
    const char *suffix = strrchr(name, '.');
    struct stat status;

    if (name[0] == '.' || !suffix || strcmp(suffix, ".conf") != 0)
        return false;
    return fstatat(dirfd(directory), name, &status, 0) < 0 || S_ISREG(status.st_mode);
}

static int add(struct fragments *fragments, const char *name)
{
    if (fragments->count == FRAGMENTS_MAX)
        return -E2BIG;
    if (asprintf(&fragments->paths[fragments->count], "%s/%s", fragments->directory, name) < 0)
        return -ENOMEM;
    fragments->count++;
    return 0;
}

static int read_directory(struct fragments *fragments, DIR *directory)
{
    int result = 0;

    while (result == 0) {
        const struct dirent *entry;

        errno = 0;
        entry = readdir(directory);
        if (!entry)
            return -errno;
        if (is_fragment(directory, entry->d_name))
            result = add(fragments, entry->d_name);
    }
    return result;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int fragments_find(struct fragments *fragments, const char *file)
{
    DIR *directory;
    int result;

    fragments->count = 0;
    if (asprintf(&fragments->directory, "%s.d", file) < 0) {
        fragments->directory = NULL;
        return -ENOMEM;
    }
    directory = opendir(fragments->directory);
    if (!directory) /* if the file's name has the maximum length, there can be no such directory */
        return errno == ENOENT || errno == ENAMETOOLONG ? 0 : -errno;
    result = read_directory(fragments, directory);
    closedir(directory);
    qsort(fragments->paths, fragments->count, sizeof(*fragments->paths), compare);
    return result;
}

void fragments_free(struct fragments *fragments)
{
    while (fragments->count > 0)
        free(fragments->paths[--fragments->count]);
    free(fragments->directory);
    fragments->directory = NULL;
}
