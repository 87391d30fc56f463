/* SPDX-License-Identifier: MIT */
/* readable: whether the user whom the unit runs the service as can read a configuration that root can. */
#ifndef SOCKGREET_READABLE_H
#define SOCKGREET_READABLE_H

/* Prints a warning on standard error, with the commands that mend it, if this process is root's and that user
 * exists and cannot read the file. A file that is not there is none of its business. */
void readable_check(const char *path);

#endif
