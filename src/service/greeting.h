/* SPDX-License-Identifier: MIT */
/* greeting: the service that says a text, a template with the variables of variables.h.
 *
 * A greeting that uses only what is known when the configuration is loaded is sent straight from there. */
#ifndef SOCKGREET_GREETING_H
#define SOCKGREET_GREETING_H

#include "service/service.h"

extern const struct service service_greeting;

#endif
