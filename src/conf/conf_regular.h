/* SPDX-License-Identifier: MIT */
/* conf_regular: opens any file that the loader reads, refuses what is not a regular file, and reads it into
 * memory. */
#ifndef SOCKGREET_CONF_REGULAR_H
#define SOCKGREET_CONF_REGULAR_H

#include "base/message.h"

#include <stddef.h>
#include <time.h>

struct conf_regular {
    char *text; /* malloc'ed, with a newline and a NUL after it; NULL if it could not be read */
    size_t length;
    struct timespec modified;
};

/* Reads the file path, of at most limit bytes. Returns 0, or -errno after setting error; EFBIG: it is larger,
 * EINVAL: it is not a regular file. */
int conf_regular_read(const char *path, size_t limit, struct conf_regular *file, struct message *error);

#endif
