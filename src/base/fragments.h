/* SPDX-License-Identifier: MIT */
/* fragments: finds the files in the directory that belongs to a configuration file: FILE.d/NAME.conf. */
#ifndef SOCKGREET_FRAGMENTS_H
#define SOCKGREET_FRAGMENTS_H

#include <stddef.h>

#define FRAGMENTS_MAX 64

struct fragments {
    char *directory; /* FILE.d; NULL if out of memory */
    char *paths[FRAGMENTS_MAX];
    size_t count;
};

/* Finds the regular files (or links to them) whose names end in ".conf" and do not begin with a dot, in byte
 * order of their names. A file that cannot be examined is included. Returns 0, also if there is no directory,
 * -E2BIG if there are more than FRAGMENTS_MAX, or another -errno. The caller frees fragments with
 * fragments_free() in any case. */
int fragments_find(struct fragments *fragments, const char *file);

void fragments_free(struct fragments *fragments);

#endif
