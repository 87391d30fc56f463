/* SPDX-License-Identifier: MIT */
/* conf_read: brings a configuration file into memory, if it is one. */
#ifndef SOCKGREET_CONF_READ_H
#define SOCKGREET_CONF_READ_H

#include "conf/conf.h"
#include "conf/conf_regular.h"

#include <stddef.h>

/* Reads the regular file path, of at most limit bytes. Returns 0, or -errno after a report of the reason;
 * there is none if the file is missing (ENOENT) and may be. */
int conf_read(const char *path, bool may_be_missing, size_t limit, struct conf_regular *file,
              struct conf_report *report);

#endif
