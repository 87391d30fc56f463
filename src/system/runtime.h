/* SPDX-License-Identifier: MIT */
/* runtime: the files that the master keeps in the runtime directory (control/protocol.h).
 *
 * Without a directory everything here does nothing. So it does where the directory is another's: only the
 * sockgreetd that the pid file names, or the one that it upgrades to, writes and removes anything there.
 * Every file is written whole or not at all. */
#ifndef SOCKGREET_RUNTIME_H
#define SOCKGREET_RUNTIME_H

#include "control/protocol.h"

#include <stdio.h>

/* Creates the directory if need be, for everybody to enter, whatever the umask. */
void runtime_open(void);

/* The pid of another sockgreetd that has the directory; 0: it is ours or free. */
pid_t runtime_other_owner(void);

/* Replaces a file by what write_to() writes. Returns 0 or -errno; 0 too where the directory is another's. */
int runtime_replace(const char *name, void (*write_to)(FILE *out, const void *context), const void *context);
int runtime_write(const char *name, const char *text);

/* Creates an empty file, which needs no room for data. Returns 0 or -errno. */
int runtime_touch(const char *name);

void runtime_remove(const char *name);

/* Writes the pid file. Returns 0 or -errno. */
int runtime_write_pid(void);

/* Removes the pid file if it is ours. */
void runtime_remove_pid(void);

#endif
