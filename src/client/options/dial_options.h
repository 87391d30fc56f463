/* SPDX-License-Identifier: MIT */
/* dial_options: source and IP header fields of requests (-I, --source-port, --ttl, --dscp, --ecn,
 * --mark, --df). */
#ifndef SOCKGREET_DIAL_OPTIONS_H
#define SOCKGREET_DIAL_OPTIONS_H

#include "client/ask/dial.h"

#include <argp.h>

/* A child parser whose input is a struct dial_source, all zero to begin with. */
extern const struct argp dial_options_argp;

#endif
