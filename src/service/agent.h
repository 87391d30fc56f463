/* SPDX-License-Identifier: MIT */
/* agent: the state of the service in one line, as HAProxy's agent-check reads it. */
#ifndef SOCKGREET_AGENT_H
#define SOCKGREET_AGENT_H

#include "service/service.h"

extern const struct service service_agent;

/* A weight as it is told under a load, in hundredths, of so many processors: half of it at a load of 1 on
 * each, a third at 2. Never 0 unless the weight is. */
unsigned agent_weight(unsigned weight, unsigned processors, unsigned long load);

#endif
