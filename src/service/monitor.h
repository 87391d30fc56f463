/* SPDX-License-Identifier: MIT */
/* monitor: tells monitoring systems and people over HTTP what the service has counted and how it is. */
#ifndef SOCKGREET_MONITOR_H
#define SOCKGREET_MONITOR_H

#include "service/service.h"

extern const struct service service_monitor;

#endif
