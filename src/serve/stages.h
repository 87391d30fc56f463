/* SPDX-License-Identifier: MIT */
/* stages: which steps the clients of each listener go through, and how long each may take. */
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
    struct eviction *eviction; /* gets its lists here */

    struct stage *list; /* STEPS_MAX for each listener */
};

/* How many lists of timers it needs. */
size_t stages_lists(const struct conf *conf);

/* Makes the list. Returns 0 or -ENOMEM; close in any case. */
int stages_open(struct stages *stages);
void stages_close(struct stages *stages);

/* What happens to the clients of a listener. */
const struct stage *stages_of(const struct stages *stages, size_t listener);

#endif
