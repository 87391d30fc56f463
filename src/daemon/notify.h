/* SPDX-License-Identifier: MIT */
/* notify: what the service manager is told (sd_notify(3)); nothing happens without one. */
#ifndef SOCKGREET_NOTIFY_H
#define SOCKGREET_NOTIFY_H

#include <stdbool.h>

/* Whether a service manager listens. */
bool notify_enabled(void);

/* Every worker is serving. */
void notify_ready(const char *status);

/* The one line that systemctl status shows. */
void notify_status(const char *status);

/* The end has begun. */
void notify_stopping(const char *status);

/* In a child: only the master speaks (NotifyAccess=main). */
void notify_forget(void);

#endif
