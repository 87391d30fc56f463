/* SPDX-License-Identifier: MIT */
/* readable: whether the user of the systemd service can read a configuration that root can. */
#ifndef SOCKGREET_READABLE_H
#define SOCKGREET_READABLE_H

/* If this process is root's, and that user exists and cannot read the file, prints a warning on standard
 * error with the command that fixes it. A missing file is ignored. */
void readable_check(const char *path);

#endif
