/* SPDX-License-Identifier: MIT */
/* target_file: targets from a file, one a line. */
#ifndef SOCKGREET_TARGET_FILE_H
#define SOCKGREET_TARGET_FILE_H

#include "base/message.h"
#include "client/ask/target.h"

#define TARGET_FILE_MAX 10000 /* targets at most, so that a wrong file does not fill the memory */
#define TARGET_LINE_MAX 510   /* bytes of a line, without its end */

/* Appends to list the targets of the file at path, or of standard input if path is "-". A line is TARGET or
 * HOST PORT as on the command line; "#" at its beginning or after a blank begins a comment. Returns 0, or -1
 * with "FILE:LINE: what is wrong" in error; a file without a target is an error. */
int target_file_read(struct target_list *list, const char *path, const struct target_defaults *defaults,
                     struct message *error);

#endif
