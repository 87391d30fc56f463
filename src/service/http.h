/* SPDX-License-Identifier: MIT */
/* http: greets whoever asks in HTTP/1, and says at /ready whether the service wants clients. */
#ifndef SOCKGREET_HTTP_H
#define SOCKGREET_HTTP_H

#include "service/service.h"

extern const struct service service_http;

#endif
