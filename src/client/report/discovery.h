/* SPDX-License-Identifier: MIT */
/* discovery: prints who answered a question to everybody. */
#ifndef SOCKGREET_DISCOVERY_H
#define SOCKGREET_DISCOVERY_H

#include "client/ask/greeters.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A table for people, with a line for each address and the name at a server's first one, and how many servers
 * answered. The greeters are sorted. */
void discovery_print_table(FILE *out, const struct greeters *greeters);

/* A line of JSON for each server, and one that ends them (doc/client.schema.json), at a time of
 * CLOCK_REALTIME in nanoseconds. False without memory, or if the stream did not take it. */
bool discovery_print_json(FILE *out, const struct greeters *greeters, int64_t now_ns);

#endif
