/* SPDX-License-Identifier: MIT */
/* monitor: the service that reports counters and state over HTTP, for monitoring systems and in a page. */
#ifndef SOCKGREET_MONITOR_H
#define SOCKGREET_MONITOR_H

#include "service/service.h"

extern const struct service service_monitor;

#endif
