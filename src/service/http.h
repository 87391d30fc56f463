/* SPDX-License-Identifier: MIT */
/* http: greets clients that ask in HTTP/1, and says at /ready whether the service is ready for them. */
#ifndef SOCKGREET_HTTP_H
#define SOCKGREET_HTTP_H

#include "service/service.h"

extern const struct service service_http;

#endif
