/* SPDX-License-Identifier: MIT */
/* services: the table of all services, a row for each. */
#ifndef SOCKGREET_SERVICES_H
#define SOCKGREET_SERVICES_H

#include "service/service.h"

/* Returns NULL after the last row. The first row is the default service. */
const struct service *services_row(size_t row);

#endif
