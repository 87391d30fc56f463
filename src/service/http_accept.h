/* SPDX-License-Identifier: MIT */
/* http_accept: content negotiation: which of our media types a client prefers by its Accept fields (RFC 9110,
 * section 12.5.1). */
#ifndef SOCKGREET_HTTP_ACCEPT_H
#define SOCKGREET_HTTP_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

/* For one media type; the most specific matching range decides. */
struct http_preference {
    unsigned exactness; /* how specific the range is; 0: none was read */
    unsigned weight;    /* 0 to 1000 */
};

/* Zeroed before the first field is read. */
struct http_accept {
    struct http_preference json, text, openmetrics;
};

/* Reads the value of a field; ignores malformed parts. */
void http_accept_read(struct http_accept *accept, const char *value, size_t length);

/* If both have the same weight, text is preferred. OpenMetrics must be named explicitly. */
bool http_accept_prefers_json(const struct http_accept *accept);
bool http_accept_prefers_openmetrics(const struct http_accept *accept);

#endif
