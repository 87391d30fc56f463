/* SPDX-License-Identifier: MIT */
/* rundir: what the master keeps in the runtime directory: the control socket, the pid file, and a copy of the
 * configuration for a restart. Failures are logged; the service serves all the same. */
#ifndef SOCKGREET_RUNDIR_H
#define SOCKGREET_RUNDIR_H

#include "conf/conf.h"
#include "master/control_server.h"

#include <stdbool.h>

struct rundir {
    struct control_server *control; /* the caller's */
    bool is_ours;                   /* and not another sockgreetd's; nothing is written to another's */
};

/* Takes the directory, and opens the control socket, which has no name yet. Returns whether it is open. */
bool rundir_open(struct rundir *rundir, struct control_server *control);

/* Gives the control socket its name. */
void rundir_publish(const struct rundir *rundir);

void rundir_write_pid(const struct rundir *rundir);
void rundir_remove_pid(const struct rundir *rundir);

/* Keeps a copy of the configuration that a restart falls back to. */
void rundir_keep_conf(const struct rundir *rundir, const struct conf *conf);

#endif
