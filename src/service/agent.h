/* SPDX-License-Identifier: MIT */
/* agent: the state of the service in one line, as HAProxy's agent-check reads it. */
#ifndef SOCKGREET_AGENT_H
#define SOCKGREET_AGENT_H

#include "service/service.h"

extern const struct service service_agent;

/* The weight reduced by the load (in hundredths) of this many processors: half of it at a load of 1 per
 * processor, a third at 2. Not 0 unless weight is 0. */
unsigned agent_weight(unsigned weight, unsigned processors, unsigned long load);

#endif
