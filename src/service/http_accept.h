/* SPDX-License-Identifier: MIT */
/* http_accept: which of the kinds of content that we have a client likes best, by its Accept fields (RFC
 * 9110, section 12.5.1). */
#ifndef SOCKGREET_HTTP_ACCEPT_H
#define SOCKGREET_HTTP_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

/* Of one kind of content; the range that names it most exactly decides. */
struct http_preference {
    unsigned exactness; /* of the range; 0: none was read */
    unsigned weight;    /* 0 to 1000 */
};

/* Zeroed before the first field is read. */
struct http_accept {
    struct http_preference json, text, openmetrics;
};

/* Reads the value of a field; what is not as it should be is passed over. */
void http_accept_read(struct http_accept *accept, const char *value, size_t length);

/* Who likes both the same gets text; OpenMetrics has to be named. */
bool http_accept_prefers_json(const struct http_accept *accept);
bool http_accept_prefers_openmetrics(const struct http_accept *accept);

#endif
