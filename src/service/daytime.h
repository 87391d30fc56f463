/* SPDX-License-Identifier: MIT */
/* daytime: the service that sends date and time as text (RFC 867), in UTC. */
#ifndef SOCKGREET_DAYTIME_H
#define SOCKGREET_DAYTIME_H

#include "service/service.h"

extern const struct service service_daytime;

#endif
