/* SPDX-License-Identifier: MIT */
/* steps: prints look-ups, attempts, connections and times on standard error (-v). */
#ifndef SOCKGREET_STEPS_H
#define SOCKGREET_STEPS_H

#include "client/report/report.h"

void steps_looked_up(const struct visit *visit);

void steps_step(const struct request *request, const struct attempt *attempt, enum request_step step);

/* The answer: its size and times. */
void steps_answered(const struct request *request);

#endif
