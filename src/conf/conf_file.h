/* SPDX-License-Identifier: MIT */
/* conf_read: brings a configuration file into memory, if it is one. */
#ifndef SOCKGREET_CONF_READ_H
#define SOCKGREET_CONF_READ_H

#include "conf/conf.h"

#include <stddef.h>

struct conf_file {
    char *text; /* malloc'ed, with a newline and a NUL after it; NULL if it could not be read */
    size_t length;
    struct timespec modified;
    bool missing; /* there is no such file */
};

/* Reads the regular file path, of at most limit bytes. Returns 0, or -1 after a report of the reason;
 * there is none if the file is missing and may be. */
int conf_read(const char *path, bool may_be_missing, size_t limit, struct conf_file *file,
              struct conf_report *report);

#endif
