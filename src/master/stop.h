/* SPDX-License-Identifier: MIT */
/* stop: ends the service on a signal. It keeps serving for timeouts.drain_delay; then the clients that are
 * connected have timeouts.drain to finish. While older generations drain, the serving one keeps serving: the
 * workers of the older ones accept no clients, and its own may have none to wait for. A second signal ends
 * all this sooner. */
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
    bool replaced;    /* by an upgrade: there is no drain_delay, and the sockets outlive this process */
    int64_t drain_at; /* when STOP_DELAY ends (monotonic ns) */
    int64_t end_at;   /* when the drain ends at the latest; if replaced, each generation has its own time */
};

/* Begins to stop; stop_step() continues. SIGTERM and SIGINT drain; SIGQUIT does not wait for clients. Later
 * calls hurry the stop. */
void stop_request(struct stop *stop, int signal_number, int64_t now);

/* Begins to drain now, without a delay. */
void stop_drain(struct stop *stop, int64_t now);

/* The longest time that the stop may take by the configuration (ns). */
int64_t stop_longest(const struct stop *stop);

/* Begins to drain when the delay is over and the older generations have drained. Returns when to call again
 * (monotonic ns). */
int64_t stop_step(struct stop *stop, int64_t now);

/* Whether all generations have ended. */
bool stop_is_over(const struct stop *stop);

#endif
