/* SPDX-License-Identifier: MIT */
#include "conf/conf_path.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

/* 64 bits of hash stand for the path: with the 100 000 settings that fit into a file, two meet once in a
 * billion files. */
struct conf_path_entry {
    uint64_t hash;
    unsigned line; /* 0: free */
};

int conf_path_open(struct conf_path *path)
{
    *path = (struct conf_path){.seen_size = FIRST_SIZE};
    path->seen = calloc(FIRST_SIZE, sizeof(*path->seen));
    return path->seen ? 0 : -ENOMEM;
}

void conf_path_push(struct conf_path *path, const char *name, size_t length)
{
    size_t room = sizeof(path->text) - 1 - path->length;

    if (path->length > 0 && room > 0) {
        path->text[path->length++] = '.';
        room--;
    }
    length = length < room ? length : room;
    memcpy(path->text + path->length, name, length);
    path->length += length;
    path->text[path->length] = '\0';
}

void conf_path_cut(struct conf_path *path, size_t length)
{
    path->length = length;
    path->text[length] = '\0';
}

/* FNV-1a */
static uint64_t hash_of(const struct conf_path *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < path->length; i++)
        hash = (hash ^ (unsigned char)path->text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* The entry with this hash, or the free one where it belongs. */
static struct conf_path_entry *find(struct conf_path_entry *seen, size_t size, uint64_t hash)
{
    size_t at = hash & (size - 1);

    while (seen[at].line && seen[at].hash != hash)
        at = (at + 1) & (size - 1);
    return &seen[at];
}

static void grow(struct conf_path *path)
{
    size_t size = path->seen_size * 2;
    struct conf_path_entry *seen = calloc(size, sizeof(*seen));

    if (!seen)
        return;
    for (size_t i = 0; i < path->seen_size; i++)
        if (path->seen[i].line)
            *find(seen, size, path->seen[i].hash) = path->seen[i];
    free(path->seen);
    path->seen = seen;
    path->seen_size = size;
}

unsigned conf_path_seen(struct conf_path *path, unsigned line)
{
    uint64_t hash = hash_of(path);
    struct conf_path_entry *entry;

    if (path->seen_count >= path->seen_size / 2)
        grow(path);
    entry = find(path->seen, path->seen_size, hash);
    if (entry->line)
        return entry->line;
    if (path->seen_count < path->seen_size - 1) {
        *entry = (struct conf_path_entry){hash, line};
        path->seen_count++;
    }
    return 0;
}

void conf_path_close(struct conf_path *path)
{
    free(path->seen);
    *path = (struct conf_path){0};
}
