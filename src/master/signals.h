/* SPDX-License-Identifier: MIT */
/* signals: what has to be done about signals before the master takes them from its event loop. */
#ifndef SOCKGREET_SIGNALS_H
#define SOCKGREET_SIGNALS_H

#include <stdbool.h>

/* Blocks all signals for good, before anything that takes time: those that come meanwhile wait for
 * master_run(). The kernel throws away what a process 1 has not blocked (pid_namespaces(7)). None is ignored
 * any more; returns whether SIGHUP was. */
bool signals_block(void);

/* Whether this process was started from a terminal that is still open. */
bool signals_has_terminal(void);

#endif
