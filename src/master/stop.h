/* SPDX-License-Identifier: MIT */
/* stop: the end that a signal asks for: at first everybody is greeted on for timeouts.drain_delay, then the
 * clients that are there have timeouts.drain. A second signal ends that. */
#ifndef SOCKGREET_STOP_H
#define SOCKGREET_STOP_H

#include "master/generations.h"

enum stop_phase { STOP_NO, STOP_DELAY, STOP_DRAIN };

struct stop {
    struct generations *generations;
    enum stop_phase phase;
    bool replaced;    /* by an upgrade: there is nothing to wait for, and the sockets live on */
    int64_t drain_at; /* when STOP_DELAY ends */
};

/* SIGTERM or SIGINT drain; SIGQUIT waits for nobody. The first call begins the end. */
void stop_request(struct stop *stop, int signal_number, int64_t now);

/* Nobody is served any more, without a signal. */
void stop_drain(struct stop *stop, int64_t now);

/* How long the end takes at most from now on, as far as it is up to the configuration (ns). */
int64_t stop_longest(const struct stop *stop);

/* Drains when it is time for that. Returns when to call again (monotonic ns). */
int64_t stop_step(struct stop *stop, int64_t now);

/* Whether everything has ended. */
bool stop_is_over(const struct stop *stop);

#endif
