/* SPDX-License-Identifier: MIT */
/* qotd: the service that sends a quote (RFC 865). */
#ifndef SOCKGREET_QOTD_H
#define SOCKGREET_QOTD_H

#include "service/service.h"

extern const struct service service_qotd;

#endif
