/* SPDX-License-Identifier: MIT */
/* upgrade: outside systemd a new binary is executed with the listening sockets. When it serves, this process
 * drains and leaves; if it does not in time, this process stays. */
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
    int ready_fd; /* -1, or where the new process says that it serves */
    sd_event_source *ready_source;
    int64_t deadline;
    bool done; /* it serves: this process drains, and leaves the sockets alone */
};

/* Starts the new process; if that cannot be, says why. */
void upgrade_start(struct upgrade *upgrade, int64_t now);

/* Whether a new process is on its way. */
bool upgrade_is_running(const struct upgrade *upgrade);

/* Looks what became of it. Returns when to call again (monotonic ns). upgrade->done is set once. */
int64_t upgrade_step(struct upgrade *upgrade, int64_t now);

/* This process is to end: the new one must not serve. */
void upgrade_cancel(struct upgrade *upgrade);

/* The other side: the descriptor on which the process that this one replaces waits for it; -1: it replaces
 * none. Call before anything reads the environment's word on descriptors (sd_listen_fds(3)). */
int upgrade_inherited_fd(void);

/* Tells it that this one serves, and closes the descriptor. */
void upgrade_report_ready(int *replaced_fd);

#endif
