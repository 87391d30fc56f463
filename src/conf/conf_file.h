/* SPDX-License-Identifier: MIT */
/* conf_read: brings a configuration file into memory, if it is one. */
#ifndef SOCKGREET_CONF_READ_H
#define SOCKGREET_CONF_READ_H

#include "conf/conf.h"

#include <stddef.h>

/* Reads the regular file path, of at most CONF_FILE_MAX bytes. Returns its bytes, malloc'ed and followed by a
 * newline and a NUL that *length does not count, or NULL with *missing telling whether there is no such file;
 * report says why, unless the file is missing and may be. */
char *conf_read(const char *path, bool may_be_missing, size_t *length, bool *missing,
                struct conf_report *report);

#endif
