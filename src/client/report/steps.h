/* SPDX-License-Identifier: MIT */
/* steps: what -v tells on standard error: look-ups, attempts, connections, times. */
#ifndef SOCKGREET_STEPS_H
#define SOCKGREET_STEPS_H

#include "client/report/report.h"

void steps_looked_up(const struct visit *visit);

void steps_step(const struct request *request, const struct attempt *attempt, enum request_step step);

/* The answer of a request: which bytes, and when. */
void steps_answered(const struct request *request);

#endif
