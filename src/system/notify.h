/* SPDX-License-Identifier: MIT */
/* notify: messages to the service manager (sd_notify(3)); without one nothing happens. */
#ifndef SOCKGREET_NOTIFY_H
#define SOCKGREET_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether there is a service manager. */
bool notify_enabled(void);

/* Every worker is serving, or a reload has ended, with or without success. Returns whether the manager was
 * told, which waits for it: if not, the caller tries again. True without a manager. */
bool notify_ready(const char *status);

/* A reload begins. */
void notify_reloading(void);

/* The one line that systemctl status shows. */
void notify_status(const char *status);

/* The start takes this much longer; status says why. */
void notify_waiting(const char *status, int64_t longest_ns);

/* The stop has begun; it may take this long. */
void notify_stopping(const char *status, int64_t longest_ns);

/* The workers make progress (sd_watchdog_enabled(3)). */
void notify_watchdog(void);

/* Half of the watchdog's timeout, in nanoseconds; 0: no watchdog. */
int64_t notify_watchdog_interval(void);

/* Asks the manager to keep a copy of a listening socket over restarts, under a unique label, or to drop it.
 * Storing never waits: it returns false if the manager has no room for the message now. */
bool notify_store(int fd, const char *label);
void notify_unstore(const char *label);

/* Waits until the manager has processed all messages, for a second at most. */
void notify_wait(void);

/* To be called in a child: only the master notifies (NotifyAccess=main). */
void notify_forget(void);

#endif
