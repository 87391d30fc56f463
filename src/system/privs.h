/* SPDX-License-Identifier: MIT */
/* privs: the irrevocable drop of every privilege a worker does not need, which is all of them. */
#ifndef SOCKGREET_PRIVS_H
#define SOCKGREET_PRIVS_H

#include "conf/conf.h"

/* Changes to the configured user if there is one to change to, empties every capability set, forbids new
 * privileges, and verifies that nothing can be taken back. Call before threads exist. Returns 0, or -errno
 * with the step that failed. */
int privs_drop(const struct conf *conf, const char **step);

/* Whether this process can use a capability (linux/capability.h) now. */
bool privs_have(unsigned capability);

#endif
