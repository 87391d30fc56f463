/* SPDX-License-Identifier: MIT */
/* http_answer: the request that --http sends, and the body of what comes back (RFC 9112). */
#ifndef SOCKGREET_HTTP_ANSWER_H
#define SOCKGREET_HTTP_ANSWER_H

#include "base/endpoint.h"
#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>

/* The request for a path, as text. It is HTTP/1.0, so that no server answers in chunks or keeps the
 * connection open. NULL if there is no memory; free it. */
char *http_answer_request(const struct endpoint *endpoint, const char *path);

/* Sets *answer and *length to the body of the answer. False, with a message in why, if the status is not 2xx
 * or the answer is not HTTP; the body is also set if the status is not 2xx. */
bool http_answer_body(const char **answer, size_t *length, struct message *why);

#endif
