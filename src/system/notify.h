/* SPDX-License-Identifier: MIT */
/* notify: what the service manager is told (sd_notify(3)); nothing happens without one. */
#ifndef SOCKGREET_NOTIFY_H
#define SOCKGREET_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a service manager listens. */
bool notify_enabled(void);

/* Every worker is serving, or a reload is over, however it ended. Returns whether the manager was told, which
 * waits for it: the caller tries again. True without a manager. */
bool notify_ready(const char *status);

/* A reload begins. */
void notify_reloading(void);

/* The one line that systemctl status shows. */
void notify_status(const char *status);

/* The start takes this much longer, and why. */
void notify_waiting(const char *status, int64_t longest_ns);

/* The end has begun; it may take this long. */
void notify_stopping(const char *status, int64_t longest_ns);

/* The workers make progress (sd_watchdog_enabled(3)). */
void notify_watchdog(void);

/* Half of what the watchdog allows, in nanoseconds; 0: there is none. */
int64_t notify_watchdog_interval(void);

/* Has the manager keep a copy of a listening socket over restarts, under a label unique to it, or drop it
 * again. Storing never waits: it returns false where the manager has no room for the message just now. */
bool notify_store(int fd, const char *label);
void notify_unstore(const char *label);

/* Waits until the manager has done what it was told so far, for a second at most. */
void notify_wait(void);

/* In a child: only the master speaks (NotifyAccess=main). */
void notify_forget(void);

#endif
