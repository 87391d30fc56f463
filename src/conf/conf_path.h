/* SPDX-License-Identifier: MIT */
/* conf_path: the dotted path of the setting that is being read, and which paths were there before. */
#ifndef SOCKGREET_CONF_PATH_H
#define SOCKGREET_CONF_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_PATH_MAX 640 /* longer ones are cut */

struct conf_path_entry;

struct conf_path {
    char text[CONF_PATH_MAX];
    size_t length;
    struct conf_path_entry *seen;
    size_t seen_count;
    size_t seen_size; /* a power of two */
};

/* Empties the path and the memory of paths. Returns 0 or -errno. */
int conf_path_open(struct conf_path *path);

/* Adds ".name" (or "name" to an empty path). */
void conf_path_push(struct conf_path *path, const char *name, size_t length);

/* Cuts the path back to an earlier length. */
void conf_path_cut(struct conf_path *path, size_t length);

/* Remembers the path with its line. Returns the line on which it was seen before, 0 for a new one. */
unsigned conf_path_seen(struct conf_path *path, unsigned line);

void conf_path_close(struct conf_path *path);

#endif
