/* SPDX-License-Identifier: MIT */
/* greeting: the service that sends a text, a template with the variables of variables.h.
 *
 * A greeting with only such variables as are known when the configuration is loaded is rendered once. */
#ifndef SOCKGREET_GREETING_H
#define SOCKGREET_GREETING_H

#include "service/service.h"

extern const struct service service_greeting;

#endif
