/* SPDX-License-Identifier: MIT */
/* rundir: the master's files in the runtime directory: the control socket, the pid file, and a copy of the
 * configuration for a restart. Failures are logged and do not stop the service. */
#ifndef SOCKGREET_RUNDIR_H
#define SOCKGREET_RUNDIR_H

#include "conf/conf.h"
#include "master/control_server.h"

#include <stdbool.h>

struct rundir {
    struct control_server *control; /* the caller's */
    bool is_ours;                   /* false: another sockgreetd's, in which nothing is written */
};

/* Claims the directory, and opens the control socket under a temporary name. Returns whether it is open. */
bool rundir_open(struct rundir *rundir, struct control_server *control);

/* Renames the control socket to its path. */
void rundir_publish(const struct rundir *rundir);

void rundir_write_pid(const struct rundir *rundir);
void rundir_remove_pid(const struct rundir *rundir);

/* Saves a copy of the configuration, for a restart to fall back to. */
void rundir_keep_conf(const struct rundir *rundir, const struct conf *conf);

#endif
