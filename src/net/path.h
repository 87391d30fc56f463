/* SPDX-License-Identifier: MIT */
/* path: the file of a Unix socket. What was bound is noted by device and inode, and whatever is done later is
 * done to that file alone: a name that leads elsewhere by then, by a link or because it was replaced, is
 * left as it is. */
#ifndef SOCKGREET_PATH_H
#define SOCKGREET_PATH_H

#include "base/address.h"
#include "conf/conf.h"

#include <sys/types.h>

#define PATH_BESIDE '~' /* ends the name of a socket that is bound beside the one it will replace */

struct path_id {
    dev_t device;
    ino_t inode; /* 0: there is none */
};

/* Whether address is a path in the file system. */
bool path_is(const struct address *address);

/* The directory of address, by whatever name; inode 0 if there is none. */
struct path_id path_directory(const struct address *address);

/* Whether two paths, whose directories are a_directory and b_directory, are names of one file. */
bool path_same(const struct address *a, const struct path_id *a_directory, const struct address *b,
               const struct path_id *b_directory);

/* Binds the socket fd to address, or beside it, and gives the file the listener's mode and owner before
 * anybody can connect. Makes the directory if it is missing, and removes a dead socket's file that is in the
 * way. Returns 0 with *id, or -errno with the step that failed; then nothing is left. */
int path_bind(int fd, const struct conf_listener *conf, const struct address *address, bool beside,
              struct path_id *id, const char **step);

/* Moves a file that was bound beside to its name, in one step: a client finds the old one or this one.
 * old is the file that has the name, which is then beside; NULL: none has it. Returns 0, -EEXIST if the name
 * is another program's by now, or -errno; then nothing has changed. */
int path_publish(const struct address *address, const struct path_id *id, const struct path_id *old);

/* Undoes that: old has the name again. */
void path_unpublish(const struct address *address);

/* Notes the file of an inherited socket: what the kernel says it is bound to or, where it does not tell, a
 * socket of this user's at its path. beside: it was bound so, and address then loses the mark. */
struct path_id path_inherited(int fd, const struct address *address);

/* Whether the file at address, or beside it, is the one noted. */
bool path_is_there(const struct address *address, bool beside, const struct path_id *id);

/* Mode and owner as configured, on the file noted. Returns 0, -ENOENT if it is not there any more, or
 * -errno. */
int path_apply_conf(int fd, const struct conf_listener *conf, const struct address *address,
                    const struct path_id *id);

/* Removes the file at address, or beside it, if it is the one noted. */
void path_remove(const struct address *address, bool beside, const struct path_id *id);

/* Whether the directory of address is this service's alone, so that other programs do not find a socket there
 * (systemd's PrivateTmp=). */
bool path_is_private(const struct address *address);

#endif
