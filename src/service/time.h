/* SPDX-License-Identifier: MIT */
/* time: the service that sends the time as a number (RFC 868): seconds since 1900, 32 bits, big-endian. */
#ifndef SOCKGREET_TIME_H
#define SOCKGREET_TIME_H

#include "service/service.h"

extern const struct service service_time;

#endif
