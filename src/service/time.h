/* SPDX-License-Identifier: MIT */
/* time: the service that says the time to machines (RFC 868): seconds since 1900, 32 bits, the highest first.
 */
#ifndef SOCKGREET_TIME_H
#define SOCKGREET_TIME_H

#include "service/service.h"

extern const struct service service_time;

#endif
