/* SPDX-License-Identifier: MIT */
/* wake: wakes the master when there is something to read; the turn that follows looks what it is. */
#ifndef SOCKGREET_WAKE_H
#define SOCKGREET_WAKE_H

#include <systemd/sd-event.h>

/* Returns 0 with *source, or -errno. */
int wake_on(sd_event *event, int fd, sd_event_source **source);

/* As long as the event loop lives, but not more often than 200 times a second: workers write there, and one
 * that was taken over must not keep the master busy. */
int wake_always_on(sd_event *event, int fd);

#endif
