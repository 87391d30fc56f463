/* SPDX-License-Identifier: MIT */
/* upgrade: outside systemd, executes the binary again with the listening sockets. When the new process
 * serves, this one drains and ends; if it does not serve in time, this one stays. */
#ifndef SOCKGREET_UPGRADE_H
#define SOCKGREET_UPGRADE_H

#include "base/child.h"
#include "master/failure.h"
#include "net/registry.h"

#include <stdint.h>
#include <systemd/sd-event.h>

struct upgrade {
    sd_event *event;
    char **argv;         /* of this process */
    bool ignores_hangup; /* what the new one inherits */
    struct children *children;
    const struct registry *registry;
    struct failure *failure;

    struct child child;
    int ready_fd; /* -1, or on which the new process reports that it serves */
    sd_event_source *ready_source;
    int64_t deadline;
    bool done; /* the new process serves: this one drains, and does not remove the sockets */
};

/* Starts the new process, or logs why that is not possible. */
void upgrade_start(struct upgrade *upgrade, int64_t now);

/* Whether a new process is starting. */
bool upgrade_is_running(const struct upgrade *upgrade);

/* Checks the new process. Returns when to call again (monotonic ns). Sets upgrade->done when it serves. */
int64_t upgrade_step(struct upgrade *upgrade, int64_t now);

/* Gives up the new process, because this one ends. */
void upgrade_cancel(struct upgrade *upgrade);

/* In the new process: the descriptor on which the process that it replaces waits; -1: it does not replace
 * any. Call before sd_listen_fds(3). */
int upgrade_inherited_fd(void);

/* In the new process: reports that it serves, and closes the descriptor. */
void upgrade_report_ready(int *replaced_fd);

#endif
