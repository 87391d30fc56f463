/* SPDX-License-Identifier: MIT */
/* conf_file: reads a configuration file into memory, or reports why it is refused. */
#ifndef SOCKGREET_CONF_FILE_H
#define SOCKGREET_CONF_FILE_H

#include "conf/conf.h"
#include "conf/conf_regular.h"

#include <stddef.h>

/* Reads the regular file path, of at most limit bytes. Returns 0, or -errno after reporting the reason,
 * except for a file that is missing (ENOENT) and may be. */
int conf_file_read(const char *path, bool may_be_missing, size_t limit, struct conf_regular *file,
                   struct conf_report *report);

#endif
