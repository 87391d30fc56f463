/* SPDX-License-Identifier: MIT */
/* path_json: the verdicts on a path as a JSON event (doc/client.schema.json). */
#ifndef SOCKGREET_PATH_JSON_H
#define SOCKGREET_PATH_JSON_H

#include "client/ask/target.h"
#include "client/mode/path_leg.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* The event of a target, with a timestamp (report/json.h). error: why no address was asked, or a local error;
 * NULL: none. The caller owns the object. NULL if out of memory. */
json_t *path_json_event(const struct target *target, const struct path_leg *legs, size_t count,
                        const char *error, int64_t now_ns);

#endif
