/* SPDX-License-Identifier: MIT */
/* wake: wakes the master when a descriptor is readable; the turn that follows finds out why. */
#ifndef SOCKGREET_WAKE_H
#define SOCKGREET_WAKE_H

#include <systemd/sd-event.h>

/* Returns 0 with *source, or -errno. */
int wake_on(sd_event *event, int fd, sd_event_source **source);

/* The same for as long as the event loop exists, but at most 200 times per second: workers write to fd, and a
 * compromised worker must not keep the master busy. */
int wake_always_on(sd_event *event, int fd);

#endif
