/* SPDX-License-Identifier: MIT */
/* load_json: the result of a load as a JSON event (doc/client.schema.json). */
#ifndef SOCKGREET_LOAD_JSON_H
#define SOCKGREET_LOAD_JSON_H

#include "client/report/load_report.h"

#include <jansson.h>
#include <stdint.h>

/* Builds the event with this timestamp (CLOCK_REALTIME, nanoseconds). The caller owns it. NULL if out of
 * memory.
 */
json_t *load_json_event(const struct load_report *report, int64_t now_ns);

#endif
