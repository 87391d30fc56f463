/* SPDX-License-Identifier: MIT */
/* discovery: prints the servers that answered a broadcast (--discover). */
#ifndef SOCKGREET_DISCOVERY_H
#define SOCKGREET_DISCOVERY_H

#include "client/ask/greeters.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Prints a table with a line for each address, the name of a server with its first one, and the number of
 * servers. The greeters must be sorted. */
void discovery_print_table(FILE *out, const struct greeters *greeters);

/* Prints a JSON object for each server, and a last one (doc/client.schema.json). now_ns: CLOCK_REALTIME.
 * False if out of memory or if writing failed. */
bool discovery_print_json(FILE *out, const struct greeters *greeters, int64_t now_ns);

#endif
