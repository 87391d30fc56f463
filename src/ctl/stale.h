/* SPDX-License-Identifier: MIT */
/* stale: whether the files of a configuration are still those that were loaded. */
#ifndef SOCKGREET_CTL_STALE_H
#define SOCKGREET_CTL_STALE_H

#include <time.h>

struct loaded {
    struct timespec newest; /* modification of the newest file */
    unsigned files;         /* with those in the file's directory; 0: not known; only the file is compared */
};

enum stale {
    STALE_NOT,
    STALE_NEWER, /* the file is newer */
    STALE_OTHER, /* the file is older */
    STALE_FILES  /* a file in its directory was changed, added or removed */
};

/* Compares modification times. A file that is not a regular one, cannot be examined, or whose file system
 * does not answer at once is not stale. */
enum stale stale_file(const char *path, const struct loaded *loaded);

#endif
