/* SPDX-License-Identifier: MIT */
#include "ctl/find.h"

#include "control/protocol.h"
#include "ctl/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM      "/run/sockgreet"
#define PLACES_MAX  4096      /* the owner of a runtime directory can make any number */
#define ENVIRON_MAX (1 << 20) /* the most bytes read of another process's environment */

static bool is_known(const struct find_places *places, const char *directory)
{
    for (size_t i = 0; i < places->count; i++)
        if (strcmp(places->list[i].directory, directory) == 0)
            return true;
    return false;
}

static void add(struct find_places *places, const char *directory, bool link_allowed)
{
    struct find_place place = {.directory = memory_checked(strdup(directory)), .link_allowed = link_allowed};

    places->list = memory_checked(reallocarray(places->list, places->count + 1, sizeof(*places->list)));
    places->list[places->count++] = place;
}

/* Adds a directory, and its name to the list for messages. False if it is there already. */
static bool add_named(struct find_places *places, const char *directory, const char *more)
{
    if (is_known(places, directory))
        return false;
    message_add(&places->looked, "%s%s%s", places->count > 0 ? ", " : "", directory, more);
    add(places, directory, true);
    return true;
}

/* Adds the first directory of a RUNTIME_DIRECTORY (systemd.exec(5)). */
static void add_first(struct find_places *places, const char *runtime_directories)
{
    char directory[PROTOCOL_PATH_MAX];
    int length = (int)strcspn(runtime_directories, ":");

    if (runtime_directories[0] == '/' && (size_t)snprintf(directory, sizeof(directory), "%.*s", length,
                                                          runtime_directories) < sizeof(directory))
        add_named(places, directory, "");
}

/* Adds the directories of instances. */
static void add_instances(struct find_places *places, const char *parent)
{
    char path[PROTOCOL_PATH_MAX + OPTIONS_NAME_MAX];
    DIR *directory = opendir(parent);
    struct dirent *entry;

    while (directory && places->count < PLACES_MAX && (entry = readdir(directory)))
        if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && options_name_valid(entry->d_name)) {
            snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
            add(places, path, false);
        }
    if (directory)
        closedir(directory);
}

static void add_with_instances(struct find_places *places, const char *directory)
{
    add_named(places, directory, " and its subdirectories");
    add_instances(places, directory);
}

static bool user_directory(char *path, size_t size)
{
    const char *user = getenv("XDG_RUNTIME_DIR");

    return user && *user == '/' && (size_t)snprintf(path, size, "%s/sockgreet", user) < size;
}

/* The environment with which a process was started: entries that end with a NUL; empty if it cannot be
 * read. */
static char *read_environment(pid_t pid, size_t *size)
{
    char path[64], *environment = memory_checked(calloc(1, ENVIRON_MAX + 1));
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    in = fopen(path, "re");
    *size = in ? fread(environment, 1, ENVIRON_MAX, in) : 0;
    if (in)
        fclose(in);
    return environment;
}

static void add_of_process(struct find_places *places, pid_t pid)
{
    static const char name[] = "RUNTIME_DIRECTORY=";
    size_t size;
    char *environment = read_environment(pid, &size);

    for (char *at = environment; at < environment + size; at += strlen(at) + 1)
        if (strncmp(at, name, strlen(name)) == 0)
            add_first(places, at + strlen(name));
    free(environment);
}

static void find_by_pid(struct find_places *places, pid_t pid)
{
    const char *given = getenv("RUNTIME_DIRECTORY");
    char directory[PROTOCOL_PATH_MAX];

    add_of_process(places, pid);
    if (given)
        add_first(places, given);
    add_with_instances(places, SYSTEM);
    if (user_directory(directory, sizeof(directory)))
        add_with_instances(places, directory);
}

static void find_default(struct find_places *places)
{
    const char *given = getenv("RUNTIME_DIRECTORY");
    char directory[PROTOCOL_PATH_MAX];

    if (given && *given == '/') {
        add_first(places, given);
        return;
    }
    if (geteuid() != 0 && user_directory(directory, sizeof(directory)))
        add_named(places, directory, "");
    add_named(places, SYSTEM, "");
}

void find_places(struct find_places *places, const struct options *options)
{
    char directory[sizeof(SYSTEM) + OPTIONS_NAME_MAX + 1];

    *places = (struct find_places){0};
    if (options->pid) {
        find_by_pid(places, options->pid);
    } else if (options->name) {
        snprintf(directory, sizeof(directory), SYSTEM "/%s", options->name);
        add_named(places, directory, "");
        places->list[0].link_allowed = false;
    } else {
        find_default(places);
    }
}

void find_free(struct find_places *places)
{
    for (size_t i = 0; i < places->count; i++)
        free(places->list[i].directory);
    free(places->list);
}
