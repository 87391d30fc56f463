/* SPDX-License-Identifier: MIT */
/* json_value: the values that events are made of. */
#ifndef SOCKGREET_JSON_VALUE_H
#define SOCKGREET_JSON_VALUE_H

#include "base/address.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* All return a new reference, or NULL if out of memory. */

/* Bytes as a string; each that is not UTF-8 becomes U+FFFD. NULL becomes null. */
json_t *json_value_bytes(const char *bytes, size_t count);

/* The same of a text. */
json_t *json_value_text(const char *text);

/* Nanoseconds as a number of milliseconds; negative ones become null. */
json_t *json_value_ms(int64_t ns);

/* A point in time, in nanoseconds since 1970, as RFC 3339 text in UTC, with microseconds; a negative one
 * becomes null. */
json_t *json_value_timestamp(int64_t ns);

/* The host part, host and port as one text, "ipv4", "ipv6" or "unix", and the port; null where there is none,
 * and all four if address is NULL or of length 0. */
json_t *json_value_host(const struct address *address);
json_t *json_value_endpoint(const struct address *address);
json_t *json_value_family(const struct address *address);
json_t *json_value_port(const struct address *address);

#endif
