/* SPDX-License-Identifier: MIT */
/* meter: sums what the whole service has counted once a second, and puts it where workers can read it, as
 * long as a listener tells monitoring systems of it. */
#ifndef SOCKGREET_METER_H
#define SOCKGREET_METER_H

#include "master/view.h"

struct meter {
    struct metrics *metrics; /* room for the largest; NULL until it is needed */
    int64_t due_at;          /* monotonic ns, as all times here */
};

/* Sums if it is time to. Returns when to call again; SLOT_NEVER if nobody wants to know. */
int64_t meter_step(struct meter *meter, const struct view *view, int64_t now);

void meter_close(struct meter *meter);

#endif
