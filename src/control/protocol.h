/* SPDX-License-Identifier: MIT */
/* protocol: how sockgreetctl and the master find each other: the runtime directory and the files in it.
 *
 * The directory is the first in $RUNTIME_DIRECTORY (systemd.exec(5)), else /run/sockgreet for root, else
 * $XDG_RUNTIME_DIR/sockgreet. */
#ifndef SOCKGREET_PROTOCOL_H
#define SOCKGREET_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROTOCOL_PID       "sockgreetd.pid"
#define PROTOCOL_STATUS    "status"
#define PROTOCOL_LAST_GOOD "last-good.conf"
#define PROTOCOL_REPLY \
    "reload." /* and the token in decimal digits; where no text can be written, an empty file .CODE */

#define PROTOCOL_PATH_MAX 512

/* The name of the directory; false if there is none. Does not create it. */
bool protocol_directory(char *path, size_t size);

/* The path of a file in it; false if there is no directory. */
bool protocol_path(const char *name, char *path, size_t size);

/* The pid in the pid file if a sockgreetd with it runs, else 0. */
pid_t protocol_service_pid(void);

#endif
