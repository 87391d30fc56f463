/* SPDX-License-Identifier: MIT */
/* listening: tells the log where the service listens, and what a reload has changed in that. */
#ifndef SOCKGREET_LISTENING_H
#define SOCKGREET_LISTENING_H

#include "net/sockets.h"

/* One entry for each endpoint while they are few: more than the ring of events holds would push others out.
 */
void listening_report(const struct sockets *sockets);

/* Which endpoints are new, and which are gone. */
void listening_report_changes(const struct sockets *old, const struct sockets *new);

#endif
