/* SPDX-License-Identifier: MIT */
/* listening: logs the endpoints that the service listens on, and those that a reload has changed. */
#ifndef SOCKGREET_LISTENING_H
#define SOCKGREET_LISTENING_H

#include "net/sockets.h"

/* Logs an entry per endpoint, or only their number if there are so many that they would fill the ring of
 * events. */
void listening_report(const struct sockets *sockets);

/* Logs which endpoints are new and which were removed. */
void listening_report_changes(const struct sockets *old, const struct sockets *new);

#endif
