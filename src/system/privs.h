/* SPDX-License-Identifier: MIT */
/* privs: drops all privileges of a worker, irrevocably. */
#ifndef SOCKGREET_PRIVS_H
#define SOCKGREET_PRIVS_H

#include "conf/conf.h"

/* Switches to the configured user if there is one, empties every capability set, forbids new privileges, and
 * verifies that nothing can be regained. To be called before threads exist. Returns 0, or -errno with the
 * step that failed. */
int privs_drop(const struct conf *conf, const char **step);

/* Whether this process can use a capability (linux/capability.h) now. */
bool privs_have(unsigned capability);

#endif
