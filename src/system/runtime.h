/* SPDX-License-Identifier: MIT */
/* runtime: the files that the master keeps in the runtime directory (control/protocol.h). Without a directory
 * the functions do nothing. Every file is written whole or not at all. */
#ifndef SOCKGREET_RUNTIME_H
#define SOCKGREET_RUNTIME_H

#include "control/protocol.h"

#include <stdio.h>
#include <sys/types.h>

/* Creates the directory if needed, with access for everyone, whatever the umask. Returns the pid of another
 * sockgreetd that uses it, and whose files must not be touched: the one that listens on the control socket
 * and is not this process's parent, which an upgrade replaces. 0: none. */
pid_t runtime_open(void);

/* Replaces a file with the output of write_to(). Returns 0 or -errno. */
int runtime_replace(const char *name, void (*write_to)(FILE *out, const void *context), const void *context);

/* Reads the start of a file as text. Returns its length, or -errno; -ENOENT also without a directory. */
ssize_t runtime_read(const char *name, char *text, size_t size);

/* Writes the pid file. Returns 0 or -errno. */
int runtime_write_pid(void);

/* Removes the pid file if this process wrote it. */
void runtime_remove_pid(void);

#endif
