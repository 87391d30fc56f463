/* SPDX-License-Identifier: MIT */
/* deadlines: how long each step of starting, reloading, upgrading and stopping may take. They depend on each
 * other: a process that waits for another must wait longer than that one takes at most. The order is asserted
 * at the end. All are in nanoseconds unless their name says seconds. */
#ifndef SOCKGREET_DEADLINES_H
#define SOCKGREET_DEADLINES_H

#include "base/util.h"

/* --- Starting --- */

/* The loader reads and checks the configuration: processor time, and wall clock. */
#define DEADLINE_LOAD_SECONDS 5
/* From the fork of a worker until it reports that it serves; then it is killed. */
#define DEADLINE_WORKER_READY (10 * NS_PER_S)
/* From the first fork of a reload's workers until all of them serve; then the reload is refused. */
#define DEADLINE_GENERATION_READY (10 * NS_PER_S)
/* From the fork of an upgrade's new process until it reports that it serves; then it is killed. */
#define DEADLINE_UPGRADE_READY (16 * NS_PER_S)

/* A worker that crashes sooner after it was ready counts as one that failed to start. */
#define DEADLINE_WORKER_PROVEN NS_PER_S
/* Between two failing starts in the same slot: doubled from the first to the last. */
#define DEADLINE_RESTART_FIRST (100 * NS_PER_MS)
#define DEADLINE_RESTART_LAST  (10 * NS_PER_S)
/* Between any two starts in the same slot. */
#define DEADLINE_RESTART_LEAST (50 * NS_PER_MS)

/* Between two attempts of a first start to bind an address that is in use: doubled from the first to the
 * last. */
#define DEADLINE_BIND_FIRST (200 * NS_PER_MS)
#define DEADLINE_BIND_LAST  (10 * NS_PER_S)
/* The service manager is asked to wait until the next attempt, and this much longer. */
#define DEADLINE_BIND_EXTRA (30 * NS_PER_S)

/* --- Reloading --- */

/* For the old generation's threads to stop accepting once the new one serves; then the reload is reported as
 * done in any case. */
#define DEADLINE_RETIRE NS_PER_S
/* Clients whose handshake had begun when their socket was retired are still accepted for this time. */
#define DEADLINE_HANDSHAKE (500 * NS_PER_MS)

/* --- Stopping, from the innermost to the outermost; timeouts.drain comes before all of them --- */

/* For connections that were accepted at the end of the drain. */
#define DEADLINE_LAST_CLIENTS (250 * NS_PER_MS)
/* For all connections when a stop is to be quick (SIGUSR2), or when the master is dead. */
#define DEADLINE_FINISH (100 * NS_PER_MS)
/* From the end of the drain until a worker, its logger included, has ended. */
#define DEADLINE_WORKER_CLOSE (300 * NS_PER_MS)
/* For the logger to write the remaining entries: the rest of the worker's own time, within these limits. */
#define DEADLINE_FLUSH_LEAST (50 * NS_PER_MS)
#define DEADLINE_FLUSH_MOST  NS_PER_S
/* From the end of the drain until the master kills the worker. */
#define DEADLINE_KILL (1500 * NS_PER_MS)
/* A worker whose master is dead ends itself. */
#define DEADLINE_ORPHAN_SECONDS 1
/* How long a stop takes besides drain_delay and the drain, as reported to the service manager. */
#define DEADLINE_EXIT (2 * NS_PER_S)

/* For the service manager to store the listening sockets that it does not have yet when a stop begins. */
#define DEADLINE_STORE NS_PER_S

/* --- Control requests --- */

/* For a client of the control socket to send its request, and again to read the answer. */
#define DEADLINE_CONTROL (5 * NS_PER_S)

/* --- Their order --- */

_Static_assert(DEADLINE_GENERATION_READY >= DEADLINE_WORKER_READY,
               "a reload must not give up on workers that are still allowed to start");
_Static_assert(DEADLINE_UPGRADE_READY > DEADLINE_LOAD_SECONDS * NS_PER_S + DEADLINE_GENERATION_READY,
               "an upgrade waits for the new process to load its configuration and to start its workers");
_Static_assert(DEADLINE_RESTART_LEAST < DEADLINE_RESTART_FIRST &&
                   DEADLINE_RESTART_FIRST < DEADLINE_RESTART_LAST,
               "pauses between starts grow");
_Static_assert(DEADLINE_BIND_FIRST < DEADLINE_BIND_LAST, "pauses between tries to bind grow");
_Static_assert(DEADLINE_BIND_LAST < DEADLINE_BIND_EXTRA,
               "the service manager hears about the next attempt before it gives up");
_Static_assert(DEADLINE_LAST_CLIENTS < DEADLINE_WORKER_CLOSE && DEADLINE_FINISH < DEADLINE_WORKER_CLOSE,
               "threads end before their process does");
_Static_assert(DEADLINE_WORKER_CLOSE + DEADLINE_FLUSH_MOST < DEADLINE_KILL,
               "a worker ends by itself before it is killed");
_Static_assert(DEADLINE_WORKER_CLOSE + DEADLINE_FLUSH_LEAST < DEADLINE_ORPHAN_SECONDS * NS_PER_S,
               "an orphan's logger writes what is left before the alarm");
_Static_assert(DEADLINE_KILL < DEADLINE_EXIT,
               "the master kills its workers before systemd kills all of them");

#endif
