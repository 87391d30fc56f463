/* SPDX-License-Identifier: MIT */
/* stale: whether the files of a configuration are still those that were loaded. */
#ifndef SOCKGREET_CTL_STALE_H
#define SOCKGREET_CTL_STALE_H

#include <time.h>

struct loaded {
    struct timespec newest; /* modification of the newest file */
    unsigned files;         /* with those in the file's directory; 0: not known, only the file is looked at */
};

enum stale {
    STALE_NOT,
    STALE_NEWER, /* the file is newer */
    STALE_OTHER, /* the file is older */
    STALE_FILES  /* a file of its directory has changed, come or gone */
};

/* Compares times of modification. A file that is not a regular one, that cannot be looked at or whose file
 * system does not answer at once is not stale. */
enum stale stale_file(const char *path, const struct loaded *loaded);

#endif
