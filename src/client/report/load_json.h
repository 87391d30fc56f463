/* SPDX-License-Identifier: MIT */
/* load_json: the result of a load as an event for programs, after doc/client.schema.json. */
#ifndef SOCKGREET_LOAD_JSON_H
#define SOCKGREET_LOAD_JSON_H

#include "client/report/load_report.h"

#include <jansson.h>
#include <stdint.h>

/* Makes the event at a point in time (CLOCK_REALTIME, nanoseconds). The caller owns it. NULL without memory.
 */
json_t *load_json_event(const struct load_report *report, int64_t now_ns);

#endif
