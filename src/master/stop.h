/* SPDX-License-Identifier: MIT */
/* stop: the end that a signal asks for. For timeouts.drain_delay all clients are greeted as before; then
 * connected ones have timeouts.drain. While the older generations drain, the serving one keeps serving:
 * workers of the older ones accept no clients, and its own may have none to wait for. A second signal ends
 * all that. */
#ifndef SOCKGREET_STOP_H
#define SOCKGREET_STOP_H

#include "master/generations.h"

enum stop_phase {
    STOP_NO,
    STOP_DELAY, /* timeouts.drain_delay */
    STOP_OLDER, /* until the older generations have drained */
    STOP_DRAIN  /* all drain */
};

struct stop {
    struct generations *generations;
    enum stop_phase phase;
    bool replaced;    /* by an upgrade: there is nothing to wait for, and the sockets live on */
    int64_t drain_at; /* when STOP_DELAY ends (monotonic ns) */
    int64_t end_at;   /* when the drain ends at the latest; if replaced, each generation has its own time */
};

/* SIGTERM or SIGINT drain; SIGQUIT waits for no client. The first call begins the end; stop_step() goes on.
 */
void stop_request(struct stop *stop, int signal_number, int64_t now);

/* Ends the service without a signal. */
void stop_drain(struct stop *stop, int64_t now);

/* How long the end takes at most from now on, as far as it is up to the configuration (ns). */
int64_t stop_longest(const struct stop *stop);

/* Drains when it is time for that. Returns when to call again (monotonic ns). */
int64_t stop_step(struct stop *stop, int64_t now);

/* Whether everything has ended. */
bool stop_is_over(const struct stop *stop);

#endif
