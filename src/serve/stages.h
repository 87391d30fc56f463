/* SPDX-License-Identifier: MIT */
/* stages: the steps that the clients of each listener go through, with their deadlines. */
#ifndef SOCKGREET_STAGES_H
#define SOCKGREET_STAGES_H

#include "conf/conf.h"
#include "guard/guard.h"
#include "serve/eviction.h"
#include "serve/steps.h"

/* Set by the stream: all but the list. */
struct stages {
    const struct conf *conf;
    const struct guard *guard;
    struct timers *timers;
    timer_expired *idle_expired, *total_expired;
    struct eviction *eviction; /* its lists are set here */

    struct stage *list; /* STEPS_MAX for each listener */
};

/* The number of timer lists that it needs. */
size_t stages_lists(const struct conf *conf);

/* Makes the list. Returns 0 or -ENOMEM; close in any case. */
int stages_open(struct stages *stages);
void stages_close(struct stages *stages);

/* The stages of a listener. */
const struct stage *stages_of(const struct stages *stages, size_t listener);

#endif
