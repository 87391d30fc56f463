/* SPDX-License-Identifier: MIT */
/* http: the service that answers HTTP/1 requests with the greeting, and at /ready with the state. */
#ifndef SOCKGREET_HTTP_H
#define SOCKGREET_HTTP_H

#include "service/service.h"

extern const struct service service_http;

#endif
