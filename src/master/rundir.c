/* SPDX-License-Identifier: MIT */
#include "master/rundir.h"

#include "conf/conf_print.h"
#include "control/protocol.h"
#include "log/log.h"
#include "system/runtime.h"

#include <stdio.h>
#include <string.h>

bool rundir_open(struct rundir *rundir, struct control_server *control)
{
    char directory[PROTOCOL_PATH_MAX];
    pid_t other = runtime_open();
    int error;

    *rundir = (struct rundir){.control = control, .is_ours = other == 0};
    if (!protocol_directory(directory, sizeof(directory)))
        return false;
    if (other) {
        log_warning("%s is used by another sockgreetd (pid %d), so sockgreetctl cannot find this one, and it "
                    "writes no "
                    "pid file; to run both, set RUNTIME_DIRECTORY to another directory for one of them",
                    directory, (int)other);
        return false;
    }
    error = control_server_open(control);
    if (error) {
        log_warning("cannot write to %s: %s; sockgreetctl will not find this process", directory,
                    strerror(-error));
        rundir->is_ours = false;
    }
    return rundir->is_ours;
}

void rundir_publish(const struct rundir *rundir)
{
    int error = control_server_publish(rundir->control);

    if (error)
        log_warning("cannot put the control socket at %s: %s", rundir->control->path, strerror(-error));
}

void rundir_write_pid(const struct rundir *rundir)
{
    char directory[PROTOCOL_PATH_MAX] = "";
    int error = rundir->is_ours ? runtime_write_pid() : 0;

    protocol_directory(directory, sizeof(directory));
    if (error)
        log_warning("cannot write the pid file in %s: %s", directory, strerror(-error));
}

void rundir_remove_pid(const struct rundir *rundir)
{
    if (rundir->is_ours)
        runtime_remove_pid();
}

static void print_conf(FILE *out, const void *conf)
{
    conf_print(conf, out);
}

void rundir_keep_conf(const struct rundir *rundir, const struct conf *conf)
{
    if (rundir->is_ours && runtime_replace(PROTOCOL_LAST_GOOD, print_conf, conf) < 0)
        log_warning("cannot save a copy of the configuration in the runtime directory");
}
