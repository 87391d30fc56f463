/* SPDX-License-Identifier: MIT */
/* path: the file of a Unix socket. Its device and inode are stored when it is bound, and later operations
 * change only that file: a path that leads to another file by then, through a link or because it was
 * replaced, is not touched. */
#ifndef SOCKGREET_PATH_H
#define SOCKGREET_PATH_H

#include "base/address.h"
#include "conf/conf.h"

#include <sys/types.h>

#define PATH_BESIDE '~' /* suffix of a socket's temporary name beside the one that it will replace */

struct path_id {
    dev_t device;
    ino_t inode; /* 0: there is none */
};

/* Whether address is a Unix path in the file system. */
bool path_is(const struct address *address);

/* The identity of the directory of address; inode 0 if there is none. */
struct path_id path_directory(const struct address *address);

/* Whether two paths, in a_directory and b_directory, are names of the same file. */
bool path_same(const struct address *a, const struct path_id *a_directory, const struct address *b,
               const struct path_id *b_directory);

/* Binds the socket fd to address, or under the temporary name beside it, and sets the listener's mode and
 * owner before clients can connect. Creates the directory if it is missing, and removes the file of a dead
 * socket at the address. Returns 0 with *id, or -errno with the step that failed; then no file is left. */
int path_bind(int fd, const struct conf_listener *conf, const struct address *address, bool beside,
              struct path_id *id, const char **step);

/* Renames a file from its temporary name to address, atomically: a client finds the old file or this one.
 * old: the file at address, which gets the temporary name; NULL: there is none. Returns 0, -EEXIST if the
 * file there is another program's, or -errno; then nothing has changed. */
int path_publish(const struct address *address, const struct path_id *id, const struct path_id *old);

/* Undoes path_publish(). */
void path_unpublish(const struct address *address);

/* The identity of the file of an inherited socket: the one that the kernel says it is bound to or, if that is
 * not available, a socket of this user at its path. */
struct path_id path_inherited(int fd, const struct address *address);

/* Whether the file at address, or under the temporary name, is the one with this identity. */
bool path_is_there(const struct address *address, bool beside, const struct path_id *id);

/* Sets the configured mode and owner of the file with this identity. Returns 0, -ENOENT if it does not exist
 * any more, or -errno. */
int path_apply_conf(int fd, const struct conf_listener *conf, const struct address *address,
                    const struct path_id *id);

/* Removes the file at address, or under the temporary name, if it is the one with this identity. */
void path_remove(const struct address *address, bool beside, const struct path_id *id);

/* Whether the directory of address is private to this service (systemd's PrivateTmp=), so that other programs
 * cannot find a socket there. */
bool path_is_private(const struct address *address);

#endif
