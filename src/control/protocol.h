/* SPDX-License-Identifier: MIT */
/* protocol: how sockgreetctl and the master find each other: the runtime directory and its files.
 *
 * The directory is the first one in $RUNTIME_DIRECTORY (systemd.exec(5)), otherwise /run/sockgreet for root
 * and $XDG_RUNTIME_DIR/sockgreet for others. */
#ifndef SOCKGREET_PROTOCOL_H
#define SOCKGREET_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#define PROTOCOL_PID       "sockgreetd.pid"
#define PROTOCOL_SOCKET    "control.sock"
#define PROTOCOL_LAST_GOOD "last-good.conf"
#define PROTOCOL_STATE     "state"

#define PROTOCOL_REQUEST_MAX 256 /* bytes of a request, with its newline */
#define PROTOCOL_PATH_MAX    512

/* The path of the directory; false if there is none. Does not create it. */
bool protocol_directory(char *path, size_t size);

/* The path of a file in it; false if there is no directory. */
bool protocol_path(const char *name, char *path, size_t size);

#endif
