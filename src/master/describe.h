/* SPDX-License-Identifier: MIT */
/* describe: the service as JSON, as the answers of the control socket. sockgreetctl(8) says what the
 * members mean. */
#ifndef SOCKGREET_DESCRIBE_H
#define SOCKGREET_DESCRIBE_H

#include "base/json_write.h"
#include "master/view.h"

/* Each adds its members to the object that is open. */
void describe_status(struct json *json, const struct view *view);
void describe_listeners(struct json *json, const struct view *view);
void describe_readiness(struct json *json, const struct view *view);
void describe_workers(struct json *json, const struct view *view);
void describe_counters(struct json *json, const struct view *view);
void describe_configuration(struct json *json, const struct view *view);

#endif
