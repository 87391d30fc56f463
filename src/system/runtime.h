/* SPDX-License-Identifier: MIT */
/* runtime: the files in the runtime directory by which the master and sockgreetctl find each other.
 *
 * The directory is the first in $RUNTIME_DIRECTORY (systemd.exec(5)), else /run/sockgreet for root, else
 * $XDG_RUNTIME_DIR/sockgreet. Without one everything here does nothing. Every file is written whole or not at
 * all. */
#ifndef SOCKGREET_RUNTIME_H
#define SOCKGREET_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define RUNTIME_PID       "sockgreetd.pid"
#define RUNTIME_STATUS    "status"
#define RUNTIME_LAST_GOOD "last-good.conf"
#define RUNTIME_REPLY \
    "reload." /* and the token in decimal digits; where no text can be written, an empty file .CODE */

/* The name of the directory; false if there is none. Does not create it. */
bool runtime_directory(char *path, size_t size);

/* The path of a file in it; false if there is no directory. */
bool runtime_path(const char *name, char *path, size_t size);

/* Creates the directory if need be. */
void runtime_open(void);

/* Replaces a file by what write_to() writes. Returns 0 or -errno. */
int runtime_replace(const char *name, void (*write_to)(FILE *out, const void *context), const void *context);
int runtime_write(const char *name, const char *text);

/* Creates an empty file, which needs no room for data. Returns 0 or -errno. */
int runtime_touch(const char *name);

void runtime_remove(const char *name);

/* Writes the pid file, unless it names another sockgreetd that runs. Returns 0 or -errno. */
int runtime_write_pid(void);

/* Removes the pid file if it is ours. */
void runtime_remove_pid(void);

/* The pid in the pid file if a sockgreetd with it runs, else 0. */
pid_t runtime_read_pid(void);

#endif
