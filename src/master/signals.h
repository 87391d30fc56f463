/* SPDX-License-Identifier: MIT */
/* signals: sets up signals before the master reads them in its event loop. */
#ifndef SOCKGREET_SIGNALS_H
#define SOCKGREET_SIGNALS_H

#include <stdbool.h>

/* Blocks all signals, before anything that takes time, so that they stay pending until master_run() reads
 * them; the kernel discards signals that process 1 has not blocked (pid_namespaces(7)). Also ends the
 * ignoring of signals; returns whether SIGHUP was ignored. */
bool signals_block(void);

/* Whether this process has a controlling terminal that is still open. */
bool signals_has_terminal(void);

#endif
