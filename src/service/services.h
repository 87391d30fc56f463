/* SPDX-License-Identifier: MIT */
/* services: the table of all services, a row for each. */
#ifndef SOCKGREET_SERVICES_H
#define SOCKGREET_SERVICES_H

#include "service/service.h"

/* NULL beyond the last row. The first is the service of a listener that names none. */
const struct service *services_row(size_t row);

#endif
