/* SPDX-License-Identifier: MIT */
/* stale: whether a file is still the one that was loaded. */
#ifndef SOCKGREET_CTL_STALE_H
#define SOCKGREET_CTL_STALE_H

#include <time.h>

enum stale { STALE_NOT, STALE_NEWER, STALE_OTHER };

/* Compares a file's time of modification. A file that is not a regular one, that cannot be looked at or whose
 * file system does not answer at once is not stale. */
enum stale stale_file(const char *path, struct timespec loaded);

#endif
