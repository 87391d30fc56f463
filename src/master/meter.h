/* SPDX-License-Identifier: MIT */
/* meter: once per second sums the counters of the whole service and writes the sums to shared memory, where
 * workers read them; only if a listener reports them. */
#ifndef SOCKGREET_METER_H
#define SOCKGREET_METER_H

#include "master/view.h"

struct meter {
    struct metrics *metrics; /* room for METRICS_LISTENERS; NULL until it is needed */
    int64_t due_at;          /* monotonic ns, as all times here */
};

/* Sums if it is due. Returns when to call again; SLOT_NEVER if no listener reports the sums. */
int64_t meter_step(struct meter *meter, const struct view *view, int64_t now);

void meter_close(struct meter *meter);

#endif
