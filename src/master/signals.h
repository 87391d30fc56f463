/* SPDX-License-Identifier: MIT */
/* signals: which signals the master takes, and how: they are read from a descriptor, so that it sleeps
 * without a race. */
#ifndef SOCKGREET_SIGNALS_H
#define SOCKGREET_SIGNALS_H

#include <stdbool.h>

/* Blocks all signals for good, before anything that takes time: those that come meanwhile wait for
 * master_run(). The kernel throws away what a process 1 has not blocked (pid_namespaces(7)). None is ignored
 * any more; returns whether SIGHUP was. */
bool signals_block(void);

/* A signalfd(2) of those that the master acts on. sockgreetctl's requests are real-time signals, which queue
 * and carry a token. Returns -1 with errno on failure. */
int signals_open(void);

/* Whether this process was started from a terminal that is still open. */
bool signals_has_terminal(void);

#endif
